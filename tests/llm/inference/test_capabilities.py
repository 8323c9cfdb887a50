"""What is stated of a provider's capabilities holds, whatever it answers; what is not stated of its
models' reasoning is found out by a call's own refusal."""

import json
from typing import Any

import pytest

from tests.llm.inference.test_learned import (
    ASKED,
    CHAT,
    NO_OPTIONS,
    RESPONSES,
    STREAMED,
    ask,
    paths,
)
from tests.llm.inference.test_learned_chat import ASKED as MESSAGE_WITH_TOOL
from tests.llm.inference.test_learned_chat import TOOLS, refusal, whole
from tests.llm.inference.test_relay import DONE, HI
from tests.llm.inference.test_resilience import Script
from tests.llm.inference.test_translated import ANSWER
from tests.llm.stand import Provider, Stand

MESSAGES = "/v1/messages"
MESSAGE = {
    "model": "here",
    "max_tokens": 9,
    "messages": [{"role": "user", "content": "hi"}],
    "output_config": {"effort": "high"},
}
REASONED = ASKED | {"reasoning": {"effort": "high"}}
NO_EFFORT = [
    ("400 Bad Request", b'{"error":{"message":"Unrecognized argument: reasoning_effort"}}'),
    ("400 Bad Request", b'{"error":{"message":"This model does not take a reasoning effort."}}'),
    ("422 Unprocessable", b'{"detail":[{"loc":["body","reasoning_effort"],"msg":"extra"}]}'),
    ("400 Bad Request", b'{"error":{"param":"reasoning.effort","message":"Unsupported"}}'),
]


def state(stand: Stand, org: str, provider: Provider, **capabilities: bool) -> None:
    body = {
        "kind": "openai",
        "base_url": f"{provider.url}/v1",
        "api_key": "sk-own",
        "capabilities": capabilities,
    }
    assert stand.manage("PUT", "/api/v1/providers/own", org, json=body).ok


def answer_of(provider: Provider) -> bytes:
    return provider.answers(json.dumps(ANSWER).encode(), "content-type: application/json")


def efforts(provider: Provider) -> list[Any]:
    return [json.loads(each.body).get("reasoning_effort") for each in provider.received]


def test_a_server_stated_to_have_no_responses_is_never_asked_for_them(
    stand: Stand, org: str, provider: Provider
) -> None:
    state(stand, org, provider, responses=False)
    provider.script = [answer_of(provider)]
    _, answer, content = ask(stand, org, RESPONSES, ASKED)
    assert answer.status == 200, content
    assert json.loads(content)["object"] == "response"
    assert paths(provider) == [CHAT]


@pytest.mark.parametrize("body", [b"404 page not found", b""])
def test_a_server_stated_to_have_responses_is_asked_for_nothing_else(
    stand: Stand, org: str, provider: Provider, body: bytes
) -> None:
    state(stand, org, provider, responses=True)
    provider.script = [provider.answers(body, status="404 Not Found")]
    _, answer, content = ask(stand, org, RESPONSES, ASKED)
    assert (answer.status, content) == (404, body)
    assert paths(provider) == [RESPONSES]


def test_a_server_stated_to_refuse_the_field_is_never_sent_it(
    stand: Stand, org: str, provider: Provider
) -> None:
    state(stand, org, provider, stream_options=False)
    provider.script = [provider.streams(), provider.chunk(HI + DONE), b"0\r\n\r\n"]
    ticket, answer, content = ask(stand, org, CHAT, STREAMED)
    assert (answer.status, content) == (200, HI + DONE)
    assert "stream_options" not in json.loads(provider.received[0].body)
    assert stand.outcome(org, ticket)["estimated"]


def test_a_server_stated_to_take_the_field_is_not_asked_without_it(
    stand: Stand, org: str, provider: Provider
) -> None:
    state(stand, org, provider, stream_options=True)
    status, body = NO_OPTIONS[0]
    provider.script = [provider.answers(body, status=status)]
    _, answer, content = ask(stand, org, CHAT, STREAMED)
    assert (answer.status, content) == (422, body)
    assert len(provider.received) == 1


@pytest.mark.parametrize(
    ("path", "body", "dropped"),
    [(MESSAGES, MESSAGE, "output_config.effort"), (RESPONSES, REASONED, "reasoning.effort")],
)
def test_models_stated_not_to_reason_are_told_no_effort(
    stand: Stand, org: str, provider: Provider, path: str, body: dict[str, Any], dropped: str
) -> None:
    state(stand, org, provider, reasoning=False, responses=False)
    provider.script = [answer_of(provider)]
    _, answer, content = ask(stand, org, path, body)
    assert answer.status == 200, content
    assert answer.headers["x-tollgate-dropped-params"] == dropped
    assert efforts(provider) == [None]


def test_models_stated_to_reason_are_told_an_effort_whatever_their_name(
    stand: Stand, org: str, provider: Provider
) -> None:
    routes = [{"provider": "own", "model": "gpt-4o"}]
    stand.manage("PUT", "/api/v1/models/here", org, json={"routes": routes})
    provider.script = [answer_of(provider)]
    for stated, effort in [({}, None), ({"reasoning": True}, "high")]:
        state(stand, org, provider, **stated)
        assert ask(stand, org, MESSAGES, MESSAGE)[1].status == 200
        assert efforts(provider)[-1] == effort


@pytest.mark.parametrize(("path", "body"), [(MESSAGES, MESSAGE), (RESPONSES, REASONED)])
@pytest.mark.parametrize(("status", "refusal"), NO_EFFORT)
def test_a_model_that_refuses_an_effort_is_asked_without_it(
    stand: Stand, org: str, provider: Provider, path: str, body: Any, status: str, refusal: bytes
) -> None:
    state(stand, org, provider, responses=False)
    Script(provider, [provider.answers(refusal, status=status)], [answer_of(provider)])
    for _ in range(2):
        _, answer, content = ask(stand, org, path, body)
        assert answer.status == 200, content
        assert "effort" in answer.headers["x-tollgate-dropped-params"]
    assert efforts(provider) == ["high", None, None]


def test_another_model_of_the_server_is_still_told_an_effort(
    stand: Stand, org: str, provider: Provider
) -> None:
    routes = [{"provider": "own", "model": "another"}]
    stand.manage("PUT", "/api/v1/models/another", org, json={"routes": routes})
    status, refusal = NO_EFFORT[0]
    Script(provider, [provider.answers(refusal, status=status)], [answer_of(provider)])
    assert ask(stand, org, MESSAGES, MESSAGE)[1].status == 200
    assert ask(stand, org, MESSAGES, MESSAGE | {"model": "another"})[1].status == 200
    assert efforts(provider) == ["high", None, "high"]


def test_an_effort_that_a_model_stated_to_reason_refuses_is_the_callers(
    stand: Stand, org: str, provider: Provider
) -> None:
    state(stand, org, provider, reasoning=True)
    status, refusal = NO_EFFORT[0]
    provider.script = [provider.answers(refusal, status=status)]
    _, answer, content = ask(stand, org, MESSAGES, MESSAGE)
    assert answer.status == 400
    assert b"Unrecognized argument" in content
    assert len(provider.received) == 1


def test_a_server_stated_to_have_no_responses_is_not_asked_for_them_where_tools_need_them(
    stand: Stand, org: str, provider: Provider
) -> None:
    state(stand, org, provider, responses=False)
    provider.script = refusal(provider, TOOLS[0])
    _, answer, content = ask(stand, org, MESSAGES, MESSAGE_WITH_TOOL)
    assert answer.status == 400
    assert TOOLS[0].rstrip(".").encode() in content
    assert paths(provider) == [CHAT]


def test_a_model_that_wants_responses_and_refuses_an_effort_is_told_none(
    stand: Stand, org: str, provider: Provider
) -> None:
    status, no_effort = NO_EFFORT[3]
    refused = [provider.answers(no_effort, status=status)]
    Script(provider, refusal(provider, TOOLS[0]), refused, whole(provider))
    body = MESSAGE_WITH_TOOL | {"output_config": {"effort": "high"}}
    for _ in range(2):
        _, answer, content = ask(stand, org, MESSAGES, body)
        assert answer.status == 200, content
    assert paths(provider) == [CHAT, RESPONSES, RESPONSES, RESPONSES]
    sent = [json.loads(received.body).get("reasoning") for received in provider.received[1:]]
    assert sent == [{"effort": "high"}, None, None]
