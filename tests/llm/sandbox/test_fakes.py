"""What comes with status 200 and is no answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx2
import pytest

PATHS: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"messages": [{"role": "user", "content": "x"}]},
    "/v1/responses": {"input": "x"},
    "/v1/messages": {"messages": [{"role": "user", "content": "x"}], "max_tokens": 5},
    "/v1/embeddings": {"input": "x"},
}
HEADERS = {"authorization": "Bearer any", "anthropic-version": "2023-06-01"}


def asked(http: httpx2.Client, path: str, model: str, **more: Any) -> httpx2.Response:
    body = {"model": model, **PATHS[path], **more}
    return http.post(path, json=body, headers=HEADERS)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("shape", "body"),
    [("-empty", b""), ("-null", b"null"), ("-text", b"upstream connect error")],
)
def test_nothing_and_no_json(http: httpx2.Client, path: str, shape: str, body: bytes) -> None:
    answer = asked(http, path, f"sandbox-fake-200{shape}")
    assert (answer.status_code, answer.content) == (200, body)
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("path", PATHS)
def test_a_page(http: httpx2.Client, path: str) -> None:
    answer = asked(http, path, "sandbox-fake-200-html")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "<html>" in answer.text


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("shape", "code", "kind"),
    [("", 502, "api_error"), ("-429", 429, "rate_limit_error"), ("-failed", 500, "api_error")],
)
def test_an_error_in_the_dialect(
    http: httpx2.Client, path: str, shape: str, code: int, kind: str
) -> None:
    answer = asked(http, path, f"sandbox-fake-200{shape}")
    said = answer.json()
    assert answer.status_code == 200
    if path == "/v1/messages":
        assert (said["type"], said["error"]["type"]) == ("error", kind)
    elif path == "/v1/responses" and shape == "-failed":
        assert (said["status"], said["error"]["code"]) == ("failed", "server_error")
    else:
        assert said["error"]["code"] == code


@pytest.mark.parametrize(
    ("path", "shape", "events"),
    [
        ("/v1/chat/completions", "", [None, None, None]),
        ("/v1/messages", "", ["error"]),
        ("/v1/responses", "", ["error"]),
        ("/v1/responses", "-failed", ["response.created", "response.failed"]),
        ("/v1/chat/completions", "-empty", [None]),
        ("/v1/messages", "-text", [None]),
        ("/v1/messages", "-null", [None]),
    ],
)
def test_streams_that_do_not_begin(
    http: httpx2.Client, path: str, shape: str, events: list[str | None]
) -> None:
    answer = asked(http, path, f"sandbox-fake-200{shape}", stream=True)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    found = answer.text.removesuffix("\n\n").split("\n\n")
    assert len(found) == len(events)
    for text, expected in zip(found, events, strict=True):
        assert expected is None or text.startswith(f"event: {expected}\n")


def test_the_log_has_it_with_nothing_billed(
    http: httpx2.Client, served: Callable[..., list[dict[str, Any]]]
) -> None:
    ticket = str(uuid4())
    body = {"model": "sandbox-fake-200", **PATHS["/v1/responses"]}
    http.post("/v1/responses", json=body, headers={**HEADERS, "x-client-request-id": ticket})
    (line,) = served(client_request_id=ticket)
    assert (line["status"], line["billed"], line["output_tokens"]) == (200, [], 0)
