"""Callers that do not stop for anything: whole answers and streams, in both dialects, each request
under an id of its own and sent once."""

import threading
import time
from typing import Any, NamedTuple

import requests

from tests.e2e.load import Crowd
from tests.e2e.platform import Platform

PAUSE_SECONDS = 0.1
TIMEOUT_SECONDS = 60
CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"
QUICK = (
    (CHAT, "sandbox", False),
    (CHAT, "sandbox", True),
    (MESSAGES, "sandbox", False),
    (MESSAGES, "sandbox", True),
)
SHAPES: tuple[tuple[str, str, bool], ...] = (*QUICK * 4, (CHAT, "sandbox-slow", True))
"""Path, model, whether it streams; taken in turn."""


class Call(NamedTuple):
    """`status` 0: there was no answer. `whole`: the answer arrived to its end."""

    request_id: str
    status: int
    whole: bool


class Callers(Crowd):
    """While entered, `count` threads call; `answered` grows until somebody stops them."""

    def __init__(self, platform: Platform, key: str, count: int) -> None:
        super().__init__(count)
        self.calls: list[Call] = []
        self.sent = 0
        self.in_flight = 0
        self.answered = 0
        self._platform = platform
        self._key = key
        self._lock = threading.Lock()

    def _go_on(self) -> None:
        with requests.Session() as session:
            while not self._stop.is_set():
                with self._lock:
                    number = self.sent
                    self.sent += 1
                    self.in_flight += 1
                call = self._call(session, number)
                with self._lock:
                    self.in_flight -= 1
                    self.answered += call.status == 200
                    self.calls.append(call)
                if call.status != 200:
                    time.sleep(PAUSE_SECONDS)

    def _call(self, session: requests.Session, number: int) -> Call:
        path, model, stream = SHAPES[number % len(SHAPES)]
        request_id = f"chaos-{number}"
        headers = {
            "authorization": f"Bearer {self._key}",
            "x-client-request-id": request_id,
            "anthropic-version": "2023-06-01",
        }
        words = " ".join(f"word{each}" for each in range(number % 40 + 1))
        body: dict[str, Any] = {
            "model": model, "stream": stream, "max_tokens": 64,
            "messages": [{"role": "user", "content": f"{number} {words}"}],
        }  # fmt: skip
        status = 0
        try:
            with session.post(
                self._platform.url + path, json=body, headers=headers, stream=True,
                timeout=TIMEOUT_SECONDS,
            ) as answer:  # fmt: skip
                status = answer.status_code
                received = b"".join(answer.iter_content(None))
        except requests.RequestException:
            return Call(request_id, status, whole=False)
        ended = not stream or b"[DONE]" in received or b"message_stop" in received
        return Call(request_id, status, whole=status == 200 and ended)
