"""A provider that makes an id for every response, and goes on only from those that it has made."""

import json
import threading
import uuid
from typing import Any

from tests.llm.stand import Provider, Received

USAGE = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}


class RememberingProvider(Provider):
    """`strangers` are the ids that it was sent and has not made, `followed` counts the others."""

    def __init__(self) -> None:
        self.made: set[str] = set()
        self.strangers: list[str] = []
        self.followed = 0
        self._lock = threading.Lock()
        self._asked = threading.local()  # a connection is a thread
        super().__init__()

    def _read(self, first: bytes, lines: Any) -> Received:
        received = super()._read(first, lines)
        self._asked.body = json.loads(received.body)
        return received

    def _play(self, connection: Any) -> bool:
        body = self._asked.body
        with self._lock:
            previous = body.get("previous_response_id")
            if previous is not None and previous not in self.made:
                self.strangers.append(previous)
            self.followed += previous is not None
            name = f"resp_{uuid.uuid4().hex}"
            self.made.add(name)
        connection.sendall(self._streamed(name) if body.get("stream") else self._whole(name))
        return True

    def _whole(self, name: str) -> bytes:
        body = json.dumps(response(name, "completed")).encode()
        return self.answers(body, "content-type: application/json")

    def _streamed(self, name: str) -> bytes:
        events = [
            {"type": "response.created", "response": response(name, "in_progress")},
            {"type": "response.output_text.delta", "delta": "hi", "item_id": "msg"},
            {"type": "response.completed", "response": response(name, "completed")},
        ]
        data = b"".join(b"data: " + json.dumps(each).encode() + b"\n\n" for each in events)
        return self.streams() + self.chunk(data) + b"0\r\n\r\n"


def response(name: str, status: str) -> dict[str, Any]:
    return {"id": name, "object": "response", "status": status, "output": [], "usage": USAGE}
