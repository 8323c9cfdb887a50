"""Requests and answers through a translation, against a provider on a real socket."""

import gzip
import json
import threading
from typing import Any

import pytest

from tests.llm.inference.test_relay import DONE, HI, USAGE, send
from tests.llm.stand import Provider, Stand

MESSAGES = "/v1/messages"
ANSWER = {
    "id": "c1", "object": "chat.completion", "created": 1, "model": "there",
    "choices": [{"index": 0, "finish_reason": "stop",
                 "message": {"role": "assistant", "content": "hi there"}}],
    "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
}  # fmt: skip
ASKED: dict[str, Any] = {
    "model": "here", "max_tokens": 50, "messages": [{"role": "user", "content": "hello"}]
}  # fmt: skip


def ask(stand: Stand, org: str, body: Any, **headers: str) -> tuple[str, Any, bytes]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"anthropic-version": "2023-06-01", **headers}
    ticket, answer, connection = send(stand, org, raw, MESSAGES, **headers)
    content = answer.read()
    connection.close()
    return ticket, answer, content


def test_a_request_is_asked_in_the_providers_words_and_booked_by_its_numbers(
    stand: Stand, org: str, provider: Provider
) -> None:
    body = json.dumps(ANSWER).encode()
    provider.script = [provider.answers(body, "x-odd: 1", "openai-version: 2020")]
    ticket, answer, content = ask(stand, org, ASKED, **{"anthropic-beta": "x"})
    message = json.loads(content)
    assert (message["type"], message["model"]) == ("message", "here")
    assert message["content"][0]["text"] == "hi there"
    assert message["usage"]["input_tokens"] == 100
    received = provider.received[0]
    assert received.line == "POST /v1/chat/completions HTTP/1.1"
    assert json.loads(received.body)["model"] == "there"
    assert "anthropic-beta" not in received.headers
    assert "openai-version" not in answer.headers
    outcome = stand.outcome(org, ticket)
    assert (outcome["status"], outcome["input_tokens"], outcome["output_tokens"]) == ("ok", 100, 10)


def test_a_stream_is_told_in_the_callers_events(stand: Stand, org: str, provider: Provider) -> None:
    provider.script = [provider.streams(), provider.chunk(HI[:40]), provider.chunk(HI[40:]),
                       provider.chunk(USAGE + DONE), b"0\r\n\r\n"]  # fmt: skip
    ticket, answer, content = ask(stand, org, ASKED | {"stream": True})
    assert answer.headers["content-type"].startswith("text/event-stream")
    kinds = [line[7:] for line in content.decode().splitlines() if line.startswith("event: ")]
    assert kinds[0] == "message_start"
    assert kinds[-1] == "message_stop"
    assert b"hi there" in content
    assert b"[DONE]" not in content
    assert stand.outcome(org, ticket)["input_tokens"] == 100


def test_a_stream_that_breaks_off_ends_with_the_callers_error_event(
    stand: Stand, org: str, provider: Provider
) -> None:
    provider.script = [provider.streams(), provider.chunk(HI), Provider.HANG_UP]
    ticket, _, content = ask(stand, org, ASKED | {"stream": True})
    assert b"event: error\n" in content
    assert b"message_stop" not in content
    assert stand.outcome(org, ticket)["status"] == "provider_error"


def test_an_error_in_the_stream_is_told_in_the_callers_way(
    stand: Stand, org: str, provider: Provider
) -> None:
    error = b'data: {"error": {"message": "overloaded"}}\n\n'
    provider.script = [provider.streams(), provider.chunk(HI), provider.chunk(error), b"0\r\n\r\n"]
    ticket, _, content = ask(stand, org, ASKED | {"stream": True})
    assert b"event: error\n" in content
    assert stand.outcome(org, ticket)["status"] == "provider_error"


@pytest.mark.parametrize("body", [b'{"choices": 7}', b'{"choices": []}'])
def test_an_answer_that_cannot_be_translated_is_502_and_booked(
    stand: Stand, org: str, provider: Provider, body: bytes
) -> None:
    provider.script = [provider.answers(body)]
    ticket, answer, content = ask(stand, org, ASKED)
    assert answer.status == 502
    assert json.loads(content)["type"] == "error"
    outcome = stand.outcome(org, ticket)
    assert (outcome["status"], outcome["estimated"]) == ("provider_error", True)


def test_a_refusal_keeps_its_status_and_its_words(
    stand: Stand, org: str, provider: Provider
) -> None:
    refusal = b'{"error": {"message": "no such thing", "type": "invalid_request_error"}}'
    provider.script = [provider.answers(refusal, status="404 Not Found")]
    _, answer, content = ask(stand, org, ASKED)
    assert answer.status == 404
    error = json.loads(content)
    assert error["error"]["type"] == "not_found_error"
    assert "no such thing" in error["error"]["message"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"messages": "hello"}, {"messages": [{"role": "judge", "content": "x"}]},
        {"max_tokens": "many"}, {"messages": [{"role": "user", "content": [{"type": "smell"}]}]},
        {"tools": [{"name": "x", "input_schema": 7}]}, {"stop_sequences": [7]},
    ],
)  # fmt: skip
def test_a_wrong_body_is_400_naming_the_field(
    stand: Stand, org: str, provider: Provider, wrong: dict[str, Any]
) -> None:
    ticket, answer, content = ask(stand, org, ASKED | wrong)
    assert answer.status == 400
    assert next(iter(wrong)) in json.loads(content)["error"]["message"]
    assert provider.received == []
    assert stand.outcome(org, ticket)["status"] == "provider_error"


@pytest.mark.parametrize("depth", [400, 500, 600, 900])
def test_a_body_nested_deeply_is_no_5xx(
    stand: Stand, org: str, provider: Provider, depth: int
) -> None:
    provider.script = [provider.answers(json.dumps(ANSWER).encode())]
    schema = b'{"a":' * depth + b"{}" + b"}" * depth
    tools = b'[{"name":"x","input_schema":{"type":"object","properties":' + schema + b"}}]"
    body = json.dumps(ASKED).encode()[:-1] + b',"tools":' + tools + b"}"
    _, answer, _ = ask(stand, org, body)
    assert answer.status in (200, 400)


@pytest.mark.parametrize("whole", [True, False])
def test_a_stream_that_ends_before_its_answer_is_told_as_an_error(
    stand: Stand, org: str, provider: Provider, whole: bool
) -> None:
    """The body is framed as a whole one: only the answer says that it is not."""
    end = [provider.chunk(DONE)] if whole else []
    provider.script = [provider.streams(), provider.chunk(HI), *end, b"0\r\n\r\n"]
    ticket, answer, content = ask(stand, org, ASKED | {"stream": True})
    assert answer.status == 200
    assert b"hi there" in content
    outcome = stand.outcome(org, ticket)
    if whole:
        assert content.rstrip().endswith(b'data: {"type":"message_stop"}')
        assert outcome["status"] == "ok"
        return
    last = json.loads(content.rstrip().rpartition(b"data: ")[2])
    assert (last["type"], last["error"]["type"]) == ("error", "api_error")
    assert "ended before the answer did" in last["error"]["message"]
    assert b"message_stop" not in content
    assert (outcome["status"], outcome["estimated"]) == ("provider_error", True)
    assert outcome["output_tokens"] == 2


def test_a_failure_in_the_middle_keeps_its_words_and_its_kind(
    stand: Stand, org: str, provider: Provider
) -> None:
    error = b'data: [{"error":{"message":"Quota.","status":"RESOURCE_EXHAUSTED"}}]\n\n'
    provider.script = [provider.streams(), provider.chunk(HI + error + DONE), b"0\r\n\r\n"]
    ticket, _, content = ask(stand, org, ASKED | {"stream": True})
    last = json.loads(content.rstrip().rpartition(b"data: ")[2])
    assert last["error"]["type"] == "rate_limit_error"
    assert "Quota" in last["error"]["message"]
    assert stand.outcome(org, ticket)["status"] == "provider_error"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": {"message": "Too fast."}}, "Too fast."),
        ([{"error": {"message": "Quota.", "status": "RESOURCE_EXHAUSTED"}}], "Quota."),
        ({"detail": "Not so fast"}, "Not so fast"),
        ({"detail": [{"msg": "field required", "loc": ["body"]}]}, "field required"),
        ({"message": "Throttled"}, "Throttled"),
        ({"error": "busy"}, "busy"),
        ({}, "no reason given"),
        ("slow", "no reason given"),
    ],
)
def test_a_refusal_keeps_its_words_and_how_long_to_wait(
    stand: Stand, org: str, provider: Provider, body: Any, words: str
) -> None:
    refusal = json.dumps(body).encode()
    provider.script = [
        provider.answers(refusal, "retry-after: 20", "x-odd: 1", status="429 Too Many")
    ]
    _, answer, content = ask(stand, org, ASKED)
    assert (answer.status, answer.headers["retry-after"]) == (429, "20")
    assert "x-odd" not in answer.headers
    told = json.loads(content)["error"]
    assert told["type"] == "rate_limit_error"
    assert words in told["message"]


@pytest.mark.parametrize(
    "choice",
    [
        {"finish_reason": "error", "message": {"content": "half an ans"}},
        {"finish_reason": "insufficient_system_resource", "message": {"content": ""}},
        {"error": {"message": "Upstream broke.", "code": 502}, "message": {"content": "half"}},
    ],
)
def test_a_whole_answer_whose_choice_has_failed_is_an_error(
    stand: Stand, org: str, provider: Provider, choice: dict[str, Any]
) -> None:
    body = json.dumps({**ANSWER, "choices": [{"index": 0, **choice}]}).encode()
    provider.script = [provider.answers(body, "content-type: application/json")]
    ticket, answer, content = ask(stand, org, ASKED)
    assert answer.status in (502, 503)
    assert json.loads(content)["type"] == "error"
    outcome = stand.outcome(org, ticket)
    assert (outcome["status"], outcome["input_tokens"]) == ("provider_error", 100)


@pytest.mark.parametrize("kind", ["text/plain; charset=utf-8", "", "application/x-ndjson"])
def test_a_stream_of_another_type_is_passed_in_pieces(
    stand: Stand, org: str, provider: Provider, kind: str
) -> None:
    go_on = threading.Event()
    head = ["HTTP/1.1 200 OK", "transfer-encoding: chunked"]
    head += [f"content-type: {kind}"] if kind else []
    provider.script = [
        "\r\n".join([*head, "", ""]).encode(),
        provider.chunk(b"\n" + HI),
        go_on,
        provider.chunk(USAGE + DONE),
        b"0\r\n\r\n",
    ]
    body = json.dumps(ASKED | {"stream": True}).encode()
    headers = {"anthropic-version": "2023-06-01"}
    ticket, answer, connection = send(stand, org, body, MESSAGES, **headers)
    assert answer.headers["content-type"].startswith("text/event-stream")
    received = b""
    while b"hi there" not in received:
        received += answer.read1()
    assert b"message_stop" not in received
    go_on.set()
    assert b"message_stop" in answer.read()
    connection.close()
    assert stand.outcome(org, ticket)["status"] == "ok"


def test_a_compressed_stream_is_translated(stand: Stand, org: str, provider: Provider) -> None:
    packed = gzip.compress(HI + USAGE + DONE)
    provider.script = [
        provider.streams("content-encoding: gzip"),
        provider.chunk(packed[:30]),
        provider.chunk(packed[30:]),
        b"0\r\n\r\n",
    ]
    ticket, _, content = ask(stand, org, ASKED | {"stream": True})
    assert b"hi there" in content
    assert b"message_stop" in content
    outcome = stand.outcome(org, ticket)
    assert (outcome["status"], outcome["estimated"]) == ("ok", False)
