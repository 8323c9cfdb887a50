"""What a provider turns out not to have is found out by a call's own refusal, once."""

import json
from typing import Any

import pytest

from tests.llm.inference.test_relay import DONE, HI, send
from tests.llm.inference.test_resilience import Script
from tests.llm.inference.test_translated import ANSWER
from tests.llm.stand import Provider, Stand

CHAT, RESPONSES = "/v1/chat/completions", "/v1/responses"
STREAMED = {"model": "here", "stream": True, "messages": [{"role": "user", "content": "hi"}]}
ASKED = {"model": "here", "input": "hi"}
NO_ROUTES = [
    ("404 Not Found", b'{"detail":"Not Found"}'),
    ("404 Not Found", b"404 page not found"),
    ("405 Method Not Allowed", b'{"detail":"Method Not Allowed"}'),
    ("404 Not Found", b'{"message":"no Route matched with those values"}'),
    ("404 Not Found", b'{"error":{"message":"Invalid URL (POST /v1/responses)"}}'),
    ("404 Not Found", b'{"error":"Unexpected endpoint or method. (POST /v1/responses)"}'),
]
NO_OPTIONS = [
    ("422 Unprocessable", b'{"detail":[{"loc":["body","stream_options"],"msg":"extra fields"}]}'),
    ("400 Bad Request", b'{"error":{"message":"Unrecognized argument: stream_options"}}'),
    ("400 Bad Request", b'{"error":{"message":"include_usage is not supported"}}'),
]


def ask(stand: Stand, org: str, path: str, body: Any) -> tuple[str, Any, bytes]:
    ticket, answer, connection = send(stand, org, json.dumps(body).encode(), path)
    content = answer.read()
    connection.close()
    return ticket, answer, content


def paths(provider: Provider) -> list[str]:
    return [received.line.split()[1] for received in provider.received]


@pytest.mark.parametrize(("status", "body"), NO_OPTIONS)
def test_a_server_that_refuses_the_field_we_add_is_asked_without_it(
    stand: Stand, org: str, provider: Provider, status: str, body: bytes
) -> None:
    stream = [provider.streams(), provider.chunk(HI + DONE), b"0\r\n\r\n"]
    Script(provider, [provider.answers(body, status=status)], stream)
    ticket, answer, content = ask(stand, org, CHAT, STREAMED)
    assert (answer.status, content) == (200, HI + DONE)
    assert "stream_options" in json.loads(provider.received[0].body)
    assert json.loads(provider.received[1].body) == {**STREAMED, "model": "there"}
    outcome = stand.outcome(org, ticket)
    assert (outcome["status"], outcome["attempts"], outcome["estimated"]) == ("ok", 2, True)
    ask(stand, org, CHAT, STREAMED)
    assert len(provider.received) == 3


@pytest.mark.parametrize(("status", "body"), NO_OPTIONS)
def test_a_refusal_of_the_callers_own_field_is_the_callers(
    stand: Stand, org: str, provider: Provider, status: str, body: bytes
) -> None:
    provider.script = [provider.answers(body, status=status)]
    asked = STREAMED | {"stream_options": {"include_usage": True}}
    _, answer, content = ask(stand, org, CHAT, asked)
    assert (answer.status, content) == (int(status[:3]), body)
    assert len(provider.received) == 1


@pytest.mark.parametrize(("status", "body"), NO_ROUTES)
def test_a_server_of_chat_completions_only_is_asked_for_those(
    stand: Stand, org: str, provider: Provider, status: str, body: bytes
) -> None:
    whole = provider.answers(json.dumps(ANSWER).encode(), "content-type: application/json")
    Script(provider, [provider.answers(body, status=status)], [whole])
    ticket, answer, content = ask(stand, org, RESPONSES, ASKED)
    assert answer.status == 200, content
    response = json.loads(content)
    assert (response["object"], response["status"]) == ("response", "completed")
    assert response["output"][0]["content"][0]["text"] == "hi there"
    assert paths(provider) == ["/v1/responses", "/v1/chat/completions"]
    assert stand.outcome(org, ticket)["input_tokens"] == 100
    ask(stand, org, RESPONSES, ASKED)
    assert paths(provider)[2:] == ["/v1/chat/completions"]


def test_a_stream_of_a_server_of_chat_completions_only(
    stand: Stand, org: str, provider: Provider
) -> None:
    stream = [provider.streams(), provider.chunk(HI + DONE), b"0\r\n\r\n"]
    Script(provider, [provider.answers(b"404 page not found", status="404 Not Found")], stream)
    _, answer, content = ask(stand, org, RESPONSES, ASKED | {"stream": True})
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert b"response.completed" in content
    assert b"hi there" in content


@pytest.mark.parametrize(
    ("path", "body", "refusal"),
    [
        (RESPONSES, ASKED, b'{"error":{"code":"model_not_found","message":"No such model"}}'),
        (RESPONSES, ASKED, b'{"error":{"code":"not_found","message":"No such item."}}'),
        (RESPONSES, ASKED, b""),
        (RESPONSES, ASKED, b'{"detail":"The model `x` does not exist"}'),
        (CHAT, {**STREAMED, "stream": False}, b'{"detail":"Not Found"}'),
    ],
)
def test_what_says_nothing_of_the_provider_goes_to_the_caller(
    stand: Stand, org: str, provider: Provider, path: str, body: Any, refusal: bytes
) -> None:
    provider.script = [provider.answers(refusal, status="404 Not Found")]
    _, answer, content = ask(stand, org, path, body)
    assert (answer.status, content) == (404, refusal)
    assert len(provider.received) == 1


def test_what_chat_completions_cannot_say_is_refused_as_the_provider_did(
    stand: Stand, org: str, provider: Provider
) -> None:
    refusal = b"404 page not found"
    provider.script = [provider.answers(refusal, status="404 Not Found")]
    body = ASKED | {"prompt": {"id": "pmpt_1"}}
    for _ in range(2):
        _, answer, content = ask(stand, org, RESPONSES, body)
        assert (answer.status, content) == (404, refusal)
    assert paths(provider) == [RESPONSES, RESPONSES]


def test_a_refusal_that_stays_the_same_is_the_providers_own_answer(
    stand: Stand, org: str, provider: Provider
) -> None:
    """Its bytes reach the caller, and nothing is learned of the provider."""
    refusal = b"\xb6 not found"
    provider.script = [provider.answers(refusal, status="404 Not Found")]
    for _ in range(2):
        _, answer, content = ask(stand, org, RESPONSES, ASKED)
        assert (answer.status, content) == (404, refusal)
    assert paths(provider) == [RESPONSES, CHAT] * 2


def test_a_server_may_lack_both(stand: Stand, org: str, provider: Provider) -> None:
    stream = [provider.streams(), provider.chunk(HI + DONE), b"0\r\n\r\n"]
    no_options = provider.answers(NO_OPTIONS[0][1], status=NO_OPTIONS[0][0])
    no_route = provider.answers(NO_ROUTES[0][1], status=NO_ROUTES[0][0])
    Script(provider, [no_route], [no_options], stream)
    for _ in range(2):
        _, answer, content = ask(stand, org, RESPONSES, ASKED | {"stream": True})
        assert answer.status == 200
        assert b"response.completed" in content
    assert paths(provider) == [RESPONSES, CHAT, CHAT, CHAT]
    assert "stream_options" not in json.loads(provider.received[3].body)


@pytest.mark.parametrize(("status", "body"), NO_OPTIONS)
def test_a_translated_stream_is_asked_without_the_field(
    stand: Stand, org: str, provider: Provider, status: str, body: bytes
) -> None:
    stream = [provider.streams(), provider.chunk(HI + DONE), b"0\r\n\r\n"]
    Script(provider, [provider.answers(body, status=status)], stream)
    request = {**STREAMED, "max_tokens": 9}
    headers = {"anthropic-version": "2023-06-01"}
    ticket, answer, connection = send(
        stand, org, json.dumps(request).encode(), "/v1/messages", **headers
    )
    assert b"message_stop" in answer.read()
    connection.close()
    assert "stream_options" not in json.loads(provider.received[1].body)
    assert stand.outcome(org, ticket)["estimated"]
