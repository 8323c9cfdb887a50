"""Routes of other dialects beside a healthy one: each is prepared when its turn comes, and one that
cannot say the request is passed over."""

import json
from typing import Any

import pytest

from tests.llm.inference.test_relay import send
from tests.llm.inference.test_translated import ANSWER
from tests.llm.stand import Provider, Stand

CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"
SAID = [{"role": "user", "content": "hello"}]
MESSAGE = json.dumps(
    {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": [{"type": "text", "text": "hi"}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 3, "output_tokens": 1},
    }
).encode()
COMPLETION = json.dumps(ANSWER).encode()
ONLY_MESSAGES: list[dict[str, Any]] = [
    {"top_k": 5},
    {"container": {"skills": [{"type": "anthropic", "skill_id": "pptx", "version": "latest"}]}},
    {"mcp_servers": [{"type": "url", "name": "m", "url": "https://mcp.example"}]},
    {"inference_geo": "us"},
]
ONLY_CHAT: list[dict[str, Any]] = [
    {"n": 2},
    {"logprobs": True},
    {"logit_bias": {"1": 5}},
    {"frequency_penalty": 0.5},
]


def two_routes(stand: Stand, org: str, provider: Provider, *kinds: str) -> None:
    """A model of which each kind of provider is a route; one server answers for both."""
    for kind in kinds:
        base = provider.url + ("/v1" if kind == "openai" else "")
        made = {"kind": kind, "base_url": base, "api_key": "x"}
        stand.manage("PUT", f"/api/v1/providers/{kind}s", org, json=made)
    routes = [{"provider": f"{kind}s", "model": kind} for kind in kinds]
    stand.manage("PUT", "/api/v1/models/both", org, json={"routes": routes})


def ask(stand: Stand, org: str, path: str, **body: Any) -> tuple[str, Any, Any]:
    raw = json.dumps({"model": "both", "max_tokens": 9, "messages": SAID, **body}).encode()
    headers = {"anthropic-version": "2023-06-01"} if path == MESSAGES else {}
    ticket, answer, connection = send(stand, org, raw, path, **headers)
    content = json.loads(answer.read())
    connection.close()
    return ticket, answer, content


@pytest.mark.parametrize(
    ("path", "own", "other", "answer", "body"),
    [
        *((MESSAGES, "anthropic", "openai", MESSAGE, body) for body in ONLY_MESSAGES),
        *((CHAT, "openai", "anthropic", COMPLETION, body) for body in ONLY_CHAT),
    ],
)
@pytest.mark.parametrize("is_first", [True, False], ids=["first", "last"])
def test_a_route_that_cannot_say_the_request_is_passed_over(
    stand: Stand,
    org: str,
    provider: Provider,
    path: str,
    own: str,
    other: str,
    answer: bytes,
    body: dict[str, Any],
    is_first: bool,
) -> None:
    two_routes(stand, org, provider, *((own, other) if is_first else (other, own)))
    provider.script = [provider.answers(answer, "content-type: application/json")]
    ticket, answered, content = ask(stand, org, path, **body)
    assert answered.status == 200, content
    assert answered.headers["x-tollgate-provider"] == f"{own}s"
    assert [received.line.split()[1] for received in provider.received] == [path]
    assert (stand.outcome(org, ticket)["status"], len(provider.received)) == ("ok", 1)


def test_the_last_route_that_can_be_asked_is_asked_again(
    stand: Stand, org: str, provider: Provider
) -> None:
    """A route after it that cannot say the request is none."""
    two_routes(stand, org, provider, "openai", "anthropic")
    provider.script = [provider.answers(b"{}", "retry-after-ms: 1", status="503 Busy")]
    _, answered, _ = ask(stand, org, CHAT, n=2)
    assert (answered.status, answered.headers["x-tollgate-attempts"]) == (503, "3")


def test_what_no_route_can_say_is_refused_by_the_callers_own_field(
    stand: Stand, org: str, provider: Provider
) -> None:
    for kind in ("anthropic", "other"):
        made = {"kind": "anthropic", "base_url": provider.url, "api_key": "x"}
        stand.manage("PUT", f"/api/v1/providers/{kind}", org, json=made)
    routes = [{"provider": kind, "model": "claude"} for kind in ("anthropic", "other")]
    stand.manage("PUT", "/api/v1/models/both", org, json={"routes": routes})
    ticket, answered, content = ask(stand, org, CHAT, n=2)
    assert (answered.status, content["error"]["param"]) == (400, "n")
    assert provider.received == []
    outcome = stand.outcome(org, ticket)
    assert (outcome["error"], outcome["attempts"]) == ("unsupported_parameter", 0)


@pytest.mark.parametrize(("stated", "cap"), [(32_000, 32_000), (None, 4096)])
def test_without_a_cap_a_provider_is_told_what_the_organisation_states(
    stand: Stand, org: str, provider: Provider, stated: int | None, cap: int
) -> None:
    two_routes(stand, org, provider, "anthropic")
    routes = [{"provider": "anthropics", "model": "claude"}]
    body = {"routes": routes, "max_output_tokens": stated}
    stand.manage("PUT", "/api/v1/models/both", org, json=body)
    provider.script = [provider.answers(MESSAGE, "content-type: application/json")]
    _, answered, _ = ask(stand, org, CHAT, max_tokens=None)
    assert answered.status == 200
    assert json.loads(provider.received[0].body)["max_tokens"] == cap


def test_an_answer_of_the_route_that_was_asked_comes_before_a_refusal_of_another(
    stand: Stand, org: str, provider: Provider
) -> None:
    two_routes(stand, org, provider, "openai", "anthropic")
    refusal = b'{"error":{"message":"No such user.","type":"invalid_request_error"}}'
    provider.script = [provider.answers(refusal, status="401 Unauthorized")]
    _, answered, content = ask(stand, org, CHAT, n=2)
    assert (answered.status, content["error"]["message"]) == (401, "No such user.")
