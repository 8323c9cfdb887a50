"""What the real ones reject, in their words' shape and with their SDKs' exceptions."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from typing import Any

import anthropic
import httpx2
import openai
import pytest

TEXT: Any = [{"role": "user", "content": "hi"}]
BEARER = {"authorization": "Bearer k"}
KEY = {"x-api-key": "k", "anthropic-version": "2023-06-01"}


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("chat/completions", {"messages": TEXT}, "model"),
        ("chat/completions", {"model": "m"}, "messages"),
        ("chat/completions", {"model": 5, "messages": TEXT}, "model"),
        ("chat/completions", {"model": "m", "messages": []}, "messages"),
        ("chat/completions", {"model": "m", "messages": "hi"}, "messages"),
        ("chat/completions", {"model": "m", "messages": [{"role": "user"}]}, "messages[0].content"),
        (
            "chat/completions",
            {"model": "m", "messages": [{"role": "user", "content": 5}]},
            "messages[0].content",
        ),
        (
            "chat/completions",
            {"model": "m", "messages": [{"role": "user", "content": [{"type": "text"}]}]},
            "messages[0].content[0].text",
        ),
        (
            "chat/completions",
            {"model": "m", "messages": [{"role": "king", "content": "x"}]},
            "messages[0].role",
        ),
        ("chat/completions", {"model": "m", "messages": TEXT, "max_tokens": "5"}, "max_tokens"),
        ("chat/completions", {"model": "m", "messages": TEXT, "max_tokens": 0}, "max_tokens"),
        ("chat/completions", {"model": "m", "messages": TEXT, "stream": "yes"}, "stream"),
        ("chat/completions", {"model": "m", "messages": TEXT, "n": 0}, "n"),
        ("chat/completions", {"model": "m", "messages": TEXT, "temperature": 3}, "temperature"),
        (
            "chat/completions",
            {"model": "m", "messages": TEXT, "stream_options": {"include_usage": True}},
            "stream_options",
        ),
        (
            "chat/completions",
            {"model": "m", "messages": TEXT, "tools": [{"type": "function", "function": {}}]},
            "tools[0].function.name",
        ),
        (
            "chat/completions",
            {"model": "m", "messages": [{"role": "tool", "tool_call_id": "x", "content": "y"}]},
            "messages[0].role",
        ),
        ("responses", {"input": "hi"}, "model"),
        ("responses", {"model": "m"}, "input"),
        ("responses", {"model": "m", "input": "hi", "max_output_tokens": 5}, "max_output_tokens"),
        (
            "responses",
            {"model": "m", "input": [{"role": "user", "content": 5}]},
            "input[0].content",
        ),
        (
            "responses",
            {
                "model": "m",
                "input": [{"type": "function_call_output", "call_id": "x", "output": "y"}],
            },
            "input",
        ),
        ("embeddings", {"model": "m"}, "input"),
        ("embeddings", {"model": "m", "input": []}, "input"),
        ("embeddings", {"model": "m", "input": "a", "dimensions": 0}, "dimensions"),
    ],
)
def test_openai_names_the_field(
    openai_client: openai.OpenAI, path: str, body: dict[str, Any], param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        openai_client.post(f"/{path}", cast_to=object, body=body)
    assert refused.value.param == param
    assert refused.value.type == "invalid_request_error"
    assert param in refused.value.message


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"model": "m", "messages": TEXT}, "max_tokens"),
        ({"max_tokens": 5, "messages": TEXT}, "model"),
        ({"model": "m", "max_tokens": "5", "messages": TEXT}, "max_tokens"),
        ({"model": "m", "max_tokens": 5, "messages": []}, "messages"),
        ({"model": "m", "max_tokens": 5, "messages": TEXT, "temperature": 2}, "temperature"),
        ({"model": "m", "max_tokens": 5, "messages": TEXT, "stream": 1.5}, "stream"),
        (
            {"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": [{}]}]},
            "messages.0.content.0.type",
        ),
        (
            {
                "model": "m",
                "max_tokens": 5,
                "messages": [{"role": "user", "content": [{"type": "text", "text": 5}]}],
            },
            "messages.0.content.0.text",
        ),
        (
            {"model": "m", "max_tokens": 5, "messages": TEXT, "tools": [{"name": "x"}]},
            "tools.0.input_schema",
        ),
        (
            {
                "model": "m",
                "max_tokens": 5,
                "messages": [
                    {
                        "role": "user",
                        "content": [{"type": "tool_result", "tool_use_id": "x", "content": "y"}],
                    }
                ],
            },
            "messages.0",
        ),
    ],
)
def test_anthropic_names_the_field(
    anthropic_client: anthropic.Anthropic, body: dict[str, Any], path: str
) -> None:
    with pytest.raises(anthropic.BadRequestError) as refused:
        anthropic_client.post("/v1/messages", cast_to=object, body=body)
    error: Any = refused.value.body
    assert error["error"]["type"] == "invalid_request_error"
    assert error["error"]["message"].startswith(f"{path}: ")
    assert error["request_id"] == refused.value.request_id


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses", "/v1/embeddings"])
def test_openai_wants_a_key(http: httpx2.Client, path: str) -> None:
    answer = http.post(path, json={})
    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_anthropic_wants_a_key_and_a_version(http: httpx2.Client) -> None:
    without_key = http.post("/v1/messages", json={})
    assert without_key.status_code == 401
    assert without_key.json()["error"]["type"] == "authentication_error"
    without_version = http.post("/v1/messages", json={}, headers={"x-api-key": "k"})
    assert without_version.status_code == 400
    assert "anthropic-version" in without_version.json()["error"]["message"]


@pytest.mark.parametrize(("path", "headers"), [("chat/completions", BEARER), ("messages", KEY)])
@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b'{"model": "\\ud800"}', b"\xff", b"[" * 100_000]
)
def test_what_is_not_a_json_object_is_refused(
    http: httpx2.Client, path: str, headers: dict[str, str], content: bytes
) -> None:
    sent = {**headers, "content-type": "application/json"}
    answer = http.post(f"/v1/{path}", content=content, headers=sent)
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_another_content_type_is_refused(http: httpx2.Client) -> None:
    answer = http.post("/v1/chat/completions", content=b"{}", headers=BEARER)
    assert answer.status_code == 415
    assert answer.json()["error"]["code"] == "unsupported_content_type"


def test_a_body_too_large_is_refused_before_it_is_read(url: str) -> None:
    connection = HTTPConnection(url.removeprefix("http://"))
    connection.putrequest("POST", "/v1/messages")
    sent = {**KEY, "content-type": "application/json", "content-length": str(33 * 2**20)}
    for name, value in sent.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 413
    assert json.loads(answer.read())["error"]["type"] == "request_too_large"
    connection.close()


def test_unknown_routes_and_methods_answer_in_dialect(http: httpx2.Client) -> None:
    assert http.get("/v1/nothing").json()["error"]["type"] == "invalid_request_error"
    unknown = http.get("/v1/nothing", headers=KEY)
    assert unknown.status_code == 404
    assert unknown.json()["error"]["type"] == "not_found_error"
    assert http.get("/v1/chat/completions").status_code == 405


def test_deep_nesting_is_refused_or_answered(http: httpx2.Client) -> None:
    for depth in (100, 400, 900):
        content = '[{"a":' * depth + "1" + "}]" * depth
        body = f'{{"model":"m","messages":[{{"role":"user","content":"x","deep":{content}}}]}}'
        sent = {**BEARER, "content-type": "application/json"}
        answer = http.post("/v1/chat/completions", content=body.encode(), headers=sent)
        assert answer.status_code in (200, 400)
