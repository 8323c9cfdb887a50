"""Calls to llm in which ids of providers come and go."""

import json
from typing import Any

from tests.llm.inference.test_relay import send
from tests.llm.stand import Provider, Stand

RESPONSES, MESSAGES, CHAT = "/v1/responses", "/v1/messages", "/v1/chat/completions"
JSON = "content-type: application/json"
USAGE = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
NAMES = ("left", "right")


def response(number: str, **more: Any) -> dict[str, Any]:
    answer = {"id": f"resp_{number}", "object": "response", "status": "completed", "model": "m"}
    return {**answer, "output": [], "usage": USAGE, **more}


def answering(provider: Provider, answer: dict[str, Any]) -> None:
    provider.script = [provider.answers(json.dumps(answer).encode(), JSON)]


def ask(
    stand: Stand, org: str, body: dict[str, Any], path: str = RESPONSES, **headers: str
) -> tuple[Any, Any]:
    raw = json.dumps({"input": "hi"} | body if path == RESPONSES else body).encode()
    _, answer, connection = send(stand, org, raw, path, **headers)
    content = answer.read()
    connection.close()
    return answer, json.loads(content) if content.startswith(b"{") else content


def event(data: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(data).encode() + b"\n\n"
