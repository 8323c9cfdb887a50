"""A model that is not served on chat completions, or not with tools, is asked on /v1/responses: its
provider's own refusal says so, once."""

import json
from typing import Any

import pytest

from tests.llm.inference.test_learned import CHAT, RESPONSES, paths
from tests.llm.inference.test_relay import send
from tests.llm.inference.test_resilience import Script
from tests.llm.inference.test_translated import ANSWER, ask
from tests.llm.inference.translated_events import ENDED, REASONED, RESPONSE_EVENTS
from tests.llm.stand import Provider, Stand
from tollgate_llm.inference.learned import LearnedCapabilities
from tollgate_llm.providers import kinds
from tollgate_llm.routing.models import Candidate

TOOL = {"name": "look", "input_schema": {"type": "object", "properties": {}}}
PLAIN: dict[str, Any] = {
    "model": "here",
    "max_tokens": 50,
    "messages": [{"role": "user", "content": "hello"}],
}
ASKED = {**PLAIN, "tools": [TOOL]}
TOOLS = [
    "Function tools with reasoning_effort are not supported for gpt-5.4 in /v1/chat/completions. "
    "Please use /v1/responses instead.",
    "Function tools with reasoning_effort are not supported for gpt-5.6-terra in "
    "/v1/chat/completions. To use function tools, use /v1/responses or set reasoning_effort to "
    "'none'.",
]
MODELS = [
    "This model is only supported in v1/responses and not in v1/chat/completions.",
    "This is not a chat model and thus not supported in the v1/chat/completions endpoint. Did you "
    "mean to use v1/completions?",
    "model gpt-5.3-codex is not accessible via the /chat/completions endpoint",
]


def error(words: str, **more: Any) -> bytes:
    told = {"message": words, "type": "invalid_request_error", "param": None, "code": None}
    return json.dumps({"error": {**told, **more}}).encode()


def refusal(provider: Provider, words: str, status: str = "400 Bad Request") -> list[Any]:
    return [provider.answers(error(words), status=status)]


def whole(provider: Provider) -> list[Any]:
    return [provider.answers(json.dumps(ENDED).encode(), "content-type: application/json")]


def stream(provider: Provider) -> list[Any]:
    events = "".join(
        f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in RESPONSE_EVENTS
    )
    return [provider.streams(), provider.chunk(events.encode()), b"0\r\n\r\n"]


def booked(stand: Stand, org: str, ticket: str) -> tuple[Any, ...]:
    outcome = stand.outcome(org, ticket)
    names = ("status", "input_tokens", "output_tokens", "estimated", "attempts")
    return tuple(outcome[name] for name in names)


@pytest.mark.parametrize("words", TOOLS)
def test_a_call_with_tools_is_asked_where_the_provider_wants_it(
    stand: Stand, org: str, provider: Provider, words: str
) -> None:
    Script(provider, refusal(provider, words), whole(provider))
    ticket, answer, content = ask(stand, org, ASKED)
    assert answer.status == 200, content
    message = json.loads(content)
    assert (message["model"], message["stop_reason"]) == ("here", "tool_use")
    assert [block["type"] for block in message["content"]] == ["thinking", "text", "tool_use"]
    assert message["content"][0]["signature"] == "responses:rs_1:gA=="
    assert paths(provider) == [CHAT, RESPONSES]
    sent = json.loads(provider.received[1].body)
    assert (sent["model"], sent["store"], sent["tools"][0]["name"]) == ("there", False, "look")
    assert booked(stand, org, ticket) == ("ok", 3, 9, False, 2)
    ticket, answer, _ = ask(stand, org, ASKED)
    assert (answer.status, paths(provider)[2:]) == (200, [RESPONSES])
    assert booked(stand, org, ticket) == ("ok", 3, 9, False, 1)


@pytest.mark.parametrize("words", TOOLS[:1] + MODELS[:1])
def test_a_stream_is_asked_there_too(
    stand: Stand, org: str, provider: Provider, words: str
) -> None:
    Script(provider, refusal(provider, words), stream(provider))
    for count in (2, 1):
        ticket, answer, content = ask(stand, org, {**ASKED, "stream": True})
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = [line for line in content.decode().splitlines() if line.startswith("event: ")]
        assert (lines[0], lines[-1]) == ("event: message_start", "event: message_stop")
        assert b'"signature":"responses:rs_1:gA=="' in content
        assert b'"stop_reason":"tool_use"' in content
        assert booked(stand, org, ticket) == ("ok", 3, 9, False, count)
    assert paths(provider) == [CHAT, RESPONSES, RESPONSES]
    assert "stream_options" not in json.loads(provider.received[1].body)


def test_reasoning_goes_back_to_the_provider_with_the_next_turn(
    stand: Stand, org: str, provider: Provider
) -> None:
    Script(provider, refusal(provider, TOOLS[0]), whole(provider))
    _, _, content = ask(stand, org, ASKED)
    said = json.loads(content)["content"]
    results = [{"type": "tool_result", "tool_use_id": said[-1]["id"], "content": "found"}]
    turns = [{"role": "assistant", "content": said}, {"role": "user", "content": results}]
    _, answer, _ = ask(stand, org, {**ASKED, "messages": [*PLAIN["messages"], *turns]})
    assert "x-tollgate-dropped-params" not in answer.headers
    sent = json.loads(provider.received[-1].body)["input"]
    assert [item.get("type", "message") for item in sent] == [
        "message",
        "reasoning",
        "message",
        "function_call",
        "function_call_output",
    ]
    assert sent[1] == REASONED


def test_what_one_model_lacks_says_nothing_of_another() -> None:
    server = kinds.Provider(
        name="p", kind="openai", base_url="http://a", api_key="", source="platform"
    )
    new, old = Candidate(server, "gpt-5.4", None), Candidate(server, "gpt-4.1", None)
    learned = LearnedCapabilities()
    learned.note(new, "chat_tools")
    learned.note(new, "stream_options")
    assert [learned.is_lacking(each, "chat_tools") for each in (new, old)] == [True, False]
    assert [learned.is_lacking(each, "stream_options") for each in (new, old)] == [True, True]
    assert not learned.is_lacking(new, "chat")


def test_a_stream_there_that_breaks_off_ends_with_an_error(
    stand: Stand, org: str, provider: Provider
) -> None:
    half = "".join(f"data: {json.dumps(event)}\n\n" for event in RESPONSE_EVENTS[:-1])
    cut = [provider.streams(), provider.chunk(half.encode() + b"data: [DONE]\n\n"), b"0\r\n\r\n"]
    Script(provider, refusal(provider, TOOLS[0]), cut)
    ticket, _, content = ask(stand, org, {**ASKED, "stream": True})
    assert b"event: error\n" in content
    assert b"message_stop" not in content
    assert stand.outcome(org, ticket)["status"] == "provider_error"


def test_a_call_without_tools_is_still_asked_on_chat_completions(
    stand: Stand, org: str, provider: Provider
) -> None:
    plain = provider.answers(json.dumps(ANSWER).encode(), "content-type: application/json")
    Script(provider, refusal(provider, TOOLS[0]), whole(provider), [plain])
    ask(stand, org, ASKED)
    _, answer, content = ask(stand, org, PLAIN)
    assert (answer.status, paths(provider)[2:]) == (200, [CHAT]), content


@pytest.mark.parametrize("words", MODELS)
@pytest.mark.parametrize("status", ["404 Not Found", "400 Bad Request"])
def test_a_model_without_chat_completions_is_asked_there_with_tools_and_without(
    stand: Stand, org: str, provider: Provider, words: str, status: str
) -> None:
    Script(provider, refusal(provider, words, status), whole(provider))
    for body in (PLAIN, ASKED):
        _, answer, content = ask(stand, org, body)
        assert answer.status == 200, content
    assert paths(provider) == [CHAT, RESPONSES, RESPONSES]


def test_a_refusal_there_is_what_the_caller_gets(
    stand: Stand, org: str, provider: Provider
) -> None:
    """The provider named that route, so that what it says there is to the point."""
    Script(provider, refusal(provider, TOOLS[0]), refusal(provider, "No temperature here."))
    _, answer, content = ask(stand, org, ASKED)
    assert answer.status == 400
    assert "No temperature here" in json.loads(content)["error"]["message"]
    assert paths(provider) == [CHAT, RESPONSES]


@pytest.mark.parametrize("status", ["404 Not Found", "405 Method Not Allowed"])
def test_where_there_is_no_such_route_the_first_refusal_stands(
    stand: Stand, org: str, provider: Provider, status: str
) -> None:
    no_route = [provider.answers(b'{"detail":"Not Found"}', status=status)]
    Script(provider, refusal(provider, TOOLS[0]), no_route)
    _, answer, content = ask(stand, org, ASKED)
    assert answer.status == 400
    assert "Function tools" in json.loads(content)["error"]["message"]
    assert paths(provider) == [CHAT, RESPONSES]


def test_what_responses_cannot_say_is_refused_as_the_provider_did(
    stand: Stand, org: str, provider: Provider
) -> None:
    provider.script = refusal(provider, TOOLS[0])
    _, answer, content = ask(stand, org, {**ASKED, "stop_sequences": ["END"]})
    assert answer.status == 400
    assert "Function tools" in json.loads(content)["error"]["message"]
    assert paths(provider) == [CHAT]


@pytest.mark.parametrize("words", TOOLS[:1] + MODELS)
def test_a_caller_of_chat_completions_gets_the_providers_own_refusal(
    stand: Stand, org: str, provider: Provider, words: str
) -> None:
    provider.script = refusal(provider, words)
    body = {"model": "here", "messages": PLAIN["messages"]}
    _, answer, connection = send(stand, org, json.dumps(body).encode(), CHAT)
    assert (answer.status, answer.read()) == (400, error(words))
    connection.close()
    assert paths(provider) == [CHAT]


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("Invalid schema for function 'look'.", "400 Bad Request"),
        ("The model `there` does not exist.", "404 Not Found"),
        (TOOLS[0], "403 Forbidden"),
        ("Tools are not supported. Read about /v1/responses.", "400 Bad Request"),
    ],
)
def test_another_refusal_is_the_callers(
    stand: Stand, org: str, provider: Provider, words: str, status: str
) -> None:
    provider.script = refusal(provider, words, status)
    _, answer, _ = ask(stand, org, ASKED)
    assert answer.status == int(status[:3])
    assert paths(provider) == [CHAT]
