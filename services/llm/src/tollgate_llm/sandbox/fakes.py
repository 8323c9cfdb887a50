"""What some providers send with status 200 in the place of an answer."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from tollgate_llm.sandbox.dialects import JSON

STREAM, HTML = "text/event-stream; charset=utf-8", "text/html; charset=utf-8"
RESPONSES = "/v1/responses"
_COMMENT, _DONE = b": SANDBOX PROCESSING\n\n", b"data: [DONE]\n\n"
_PAGE = b"<!DOCTYPE html><html><title>502 Bad Gateway</title></html>"


class Fake(StrEnum):
    """An error with a status in it; a rate limit; nothing; null; a page; no JSON; for responses
    `status: failed`, an error elsewhere."""

    ERROR = "sandbox-fake-200"
    RATE_LIMIT = "sandbox-fake-200-429"
    EMPTY = "sandbox-fake-200-empty"
    NULL = "sandbox-fake-200-null"
    PAGE = "sandbox-fake-200-html"
    TEXT = "sandbox-fake-200-text"
    FAILED = "sandbox-fake-200-failed"

    @classmethod
    def of(cls, model: str) -> Fake | None:
        return _BY_NAME.get(model.rpartition("/")[2])


_BY_NAME = {fake.value: fake for fake in Fake}
NAMES = list(_BY_NAME)


class FakeAnswer(Exception):
    """Goes out with status 200."""

    def __init__(self, body: bytes, content_type: str) -> None:
        super().__init__("no answer")
        self.body = body
        self.content_type = content_type


def fake_answer(fake: Fake, endpoint: str, *, stream: bool) -> FakeAnswer:
    if fake is Fake.PAGE:
        return FakeAnswer(_PAGE, HTML)
    if stream:
        return FakeAnswer(_streamed(fake, endpoint), STREAM)
    return FakeAnswer(_whole(fake, endpoint), JSON)


def _whole(fake: Fake, endpoint: str) -> bytes:
    if fake is Fake.FAILED and endpoint == RESPONSES:
        return msgspec.json.encode(_failed_response())
    plain = {Fake.EMPTY: b"", Fake.NULL: b"null", Fake.TEXT: b"upstream connect error"}
    found = plain.get(fake)
    return msgspec.json.encode(_error(fake, endpoint)) if found is None else found


def _streamed(fake: Fake, endpoint: str) -> bytes:
    if fake in (Fake.EMPTY, Fake.TEXT):
        return _COMMENT
    if fake is Fake.NULL:
        return _DONE
    error = _error(fake, endpoint)
    if endpoint == RESPONSES:
        return _streamed_response(fake, error["error"]["message"])
    if endpoint.startswith("/v1/messages"):
        return _event("error", error)
    return _COMMENT + b"data: " + msgspec.json.encode(error) + b"\n\n" + _DONE


def _streamed_response(fake: Fake, message: str) -> bytes:
    """A response that fails once it has been announced; else an error event alone."""
    if fake is not Fake.FAILED:
        code = "rate_limit_exceeded" if fake is Fake.RATE_LIMIT else "server_error"
        error = {"type": "error", "sequence_number": 0, "code": code, "message": message}
        return _event("error", {**error, "param": None})
    opened = {**_failed_response(), "status": "in_progress", "error": None}
    created = {"type": "response.created", "sequence_number": 0, "response": opened}
    failed = {"type": "response.failed", "sequence_number": 1, "response": _failed_response()}
    return _event("response.created", created) + _event("response.failed", failed)


def _error(fake: Fake, endpoint: str) -> dict[str, Any]:
    status, kind, message = {
        Fake.RATE_LIMIT: (429, "rate_limit_error", "Rate limited."),
        Fake.FAILED: (500, "api_error", "The model failed."),
    }.get(fake, (502, "api_error", "Provider returned error"))
    if endpoint.startswith("/v1/messages"):
        return {"type": "error", "error": {"type": kind, "message": message}}
    return {"error": {"message": message, "code": status}}


def _failed_response() -> dict[str, Any]:
    error = {"code": "server_error", "message": "The model failed."}
    return {
        "id": "resp_failed",
        "object": "response",
        "status": "failed",
        "error": error,
        "output": [],
        "usage": None,
    }


def _event(name: str, payload: dict[str, Any]) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + msgspec.json.encode(payload) + b"\n\n"
