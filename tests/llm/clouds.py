"""What clouds are in these tests: a recording server in their place, and AWS's stream."""

import json
import struct
import zlib
from base64 import b64encode
from typing import Any

from tests.llm.stand import Provider, Received, Stand

CREDENTIALS = ("authorization", "api-key", "x-api-key")
MESSAGE = {
    "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn",
    "stop_sequence": None, "content": [{"type": "text", "text": "hi"}],
    "usage": {"input_tokens": 100, "output_tokens": 10},
}  # fmt: skip
COMPLETION = {
    "id": "c", "object": "chat.completion", "created": 1, "model": "m",
    "choices": [{"index": 0, "finish_reason": "stop",
                 "message": {"role": "assistant", "content": "hi"}}],
    "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
}  # fmt: skip
EVENTS: list[dict[str, Any]] = [
    {"type": "message_start", "message": {**MESSAGE, "content": [], "stop_reason": None}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hi"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 10}},
    {"type": "message_stop"},
]


def put(stand: Stand, org: str, body: dict[str, Any], there: str) -> None:
    """A provider `cloud` as the body says, and the model `here`, which is called `there` there."""
    made = stand.manage("PUT", "/api/v1/providers/cloud", org, json=body)
    assert made.status_code == 200, made.text
    routes = [{"provider": "cloud", "model": there}]
    made = stand.manage("PUT", "/api/v1/models/here", org, json={"routes": routes})
    assert made.status_code == 200, made.text


def whole(cloud: Provider, answer: Any) -> list[Any]:
    return [cloud.answers(json.dumps(answer).encode(), "content-type: application/json")]


def seen(received: Received) -> tuple[Any, ...]:
    """What a cloud goes by."""
    credentials = {name: received.headers.get(name) for name in CREDENTIALS}
    body = json.loads(received.body)
    return received.line, credentials, body, received.headers.get("anthropic-beta")


def framed(headers: dict[str, str], payload: bytes) -> bytes:
    """A message of AWS's event stream."""
    packed = b"".join(
        struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", 7, len(value))
        + value.encode()
        for name, value in headers.items()
    )  # fmt: skip
    prelude = struct.pack("!II", 16 + len(packed) + len(payload), len(packed))
    message = prelude + struct.pack("!I", zlib.crc32(prelude)) + packed + payload
    return message + struct.pack("!I", zlib.crc32(message))


def chunk(event: Any) -> bytes:
    """An event of the vendor's, as Bedrock sends it."""
    headers = {
        ":event-type": "chunk", ":content-type": "application/json", ":message-type": "event"
    }  # fmt: skip
    encoded = b64encode(json.dumps(event).encode()).decode()
    return framed(headers, json.dumps({"bytes": encoded, "p": "abcd"}).encode())
