"""Both vendors' own clients, through llm to the sandbox in test mode, and what the books say."""

import json
import time
from collections.abc import Callable
from typing import Any

import anthropic
import openai
import pytest
import requests

from tests.llm.stand import Stand

HELLO: list[Any] = [{"role": "user", "content": "hello there, how are you?"}]


@pytest.fixture
def openai_of(stand: Stand, org: str) -> Callable[[str], openai.OpenAI]:
    """A client whose calls have this ticket."""

    def make(ticket: str) -> openai.OpenAI:
        return openai.OpenAI(
            base_url=f"{stand.url}/v1", api_key=stand.issuer.assertion(org), max_retries=0,
            default_headers={"x-tollgate-ticket": ticket},
        )  # fmt: skip

    return make


@pytest.fixture
def anthropic_of(stand: Stand, org: str) -> Callable[[str], anthropic.Anthropic]:
    def make(ticket: str) -> anthropic.Anthropic:
        return anthropic.Anthropic(
            base_url=stand.url, auth_token=stand.issuer.assertion(org), max_retries=0,
            default_headers={"x-tollgate-ticket": ticket},
        )  # fmt: skip

    return make


def test_a_chat_completion_is_booked_with_the_clients_own_counts(
    stand: Stand, org: str, openai_of: Callable[[str], openai.OpenAI]
) -> None:
    ticket = stand.ticket(org, "/v1/chat/completions")
    with openai_of(ticket) as client:
        answer = client.chat.completions.create(model="gpt-4o-mini", messages=HELLO)
    assert answer.usage is not None
    outcome = stand.outcome(org, ticket)
    counts = (outcome["input_tokens"], outcome["output_tokens"])
    assert counts == (answer.usage.prompt_tokens, answer.usage.completion_tokens)
    assert outcome["cost_nanos"] == counts[0] * 150 + counts[1] * 600
    assert (outcome["provider"], outcome["provider_model"]) == ("sandbox", "gpt-4o-mini")


def test_a_streamed_chat_completion_shows_no_usage_and_is_booked_all_the_same(
    stand: Stand, org: str, openai_of: Callable[[str], openai.OpenAI]
) -> None:
    ticket = stand.ticket(org, "/v1/chat/completions", stream=True)
    with openai_of(ticket) as client:
        chunks = list(client.chat.completions.create(model="sandbox", messages=HELLO, stream=True))
    assert all(chunk.choices and chunk.usage is None for chunk in chunks)
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert said == HELLO[0]["content"]
    outcome = stand.outcome(org, ticket)
    assert (outcome["status"], outcome["estimated"]) == ("ok", False)
    assert outcome["cost_nanos"] == 7 * 1000 + 7 * 2000


def test_responses_are_booked_streamed_and_whole(
    stand: Stand, org: str, openai_of: Callable[[str], openai.OpenAI]
) -> None:
    whole, streamed = (stand.ticket(org, "/v1/responses") for _ in range(2))
    with openai_of(whole) as client:
        answer = client.responses.create(model="gpt-4o-mini", input="one two")
    with openai_of(streamed) as client:
        events = list(client.responses.create(model="gpt-4o-mini", input="one two", stream=True))
    assert events[-1].type == "response.completed"
    assert answer.usage is not None
    for ticket, usage in ((whole, answer.usage), (streamed, events[-1].response.usage)):
        outcome = stand.outcome(org, ticket)
        assert usage is not None
        assert outcome["input_tokens"] == usage.input_tokens
        assert outcome["output_tokens"] == usage.output_tokens


def test_embeddings_are_booked(
    stand: Stand, org: str, openai_of: Callable[[str], openai.OpenAI]
) -> None:
    ticket = stand.ticket(org, "/v1/embeddings")
    with openai_of(ticket) as client:
        answer = client.embeddings.create(model="text-embedding-3-small", input="one two three")
    outcome = stand.outcome(org, ticket)
    assert outcome["input_tokens"] == answer.usage.prompt_tokens
    assert outcome["cost_nanos"] == answer.usage.prompt_tokens * 20


def test_a_message_is_booked_streamed_and_whole(
    stand: Stand, org: str, anthropic_of: Callable[[str], anthropic.Anthropic]
) -> None:
    whole, streamed = (stand.ticket(org, "/v1/messages") for _ in range(2))
    asked: dict[str, Any] = {"model": "claude-sonnet-4-6", "max_tokens": 50, "messages": HELLO}
    with anthropic_of(whole) as client:
        answer = client.messages.create(**asked)
    with anthropic_of(streamed) as client, client.messages.stream(**asked) as stream:
        final = stream.get_final_message()
    for ticket, usage in ((whole, answer.usage), (streamed, final.usage)):
        outcome = stand.outcome(org, ticket)
        assert outcome["input_tokens"] == usage.input_tokens
        assert outcome["output_tokens"] == usage.output_tokens
        assert outcome["cost_nanos"] == usage.input_tokens * 3000 + usage.output_tokens * 15000


def test_counting_tokens_costs_nothing(
    stand: Stand, org: str, anthropic_of: Callable[[str], anthropic.Anthropic]
) -> None:
    ticket = stand.ticket(org, "/v1/messages/count_tokens")
    with anthropic_of(ticket) as client:
        counted = client.messages.count_tokens(model="claude-sonnet-4-6", messages=HELLO)
    assert counted.input_tokens == 7
    outcome = stand.outcome(org, ticket)
    assert (outcome["status"], outcome["input_tokens"], outcome["cost_nanos"]) == ("ok", 0, 0)


def test_a_stream_that_is_cut_raises_in_every_client(
    stand: Stand,
    org: str,
    openai_of: Callable[[str], openai.OpenAI],
    anthropic_of: Callable[[str], anthropic.Anthropic],
) -> None:
    chat, responses, messages = (
        stand.ticket(org, path, stream=True)
        for path in ("/v1/chat/completions", "/v1/responses", "/v1/messages")
    )
    with openai_of(chat) as client, pytest.raises(openai.APIError, match="broke off"):
        list(client.chat.completions.create(model="sandbox-cut", messages=HELLO, stream=True))
    with openai_of(responses) as client, pytest.raises(openai.APIError, match="broke off"):
        list(client.responses.create(model="sandbox-cut", input="one two three", stream=True))
    with anthropic_of(messages) as client, pytest.raises(anthropic.APIError, match="broke off"):
        list(client.messages.create(model="sandbox-cut", max_tokens=9, messages=HELLO, stream=True))
    for ticket in (chat, responses, messages):
        outcome = stand.outcome(org, ticket)
        assert (outcome["status"], outcome["estimated"]) == ("provider_error", True)
    assert stand.outcome(org, messages)["input_tokens"] == 7  # said at the stream's beginning


def test_a_client_that_stops_reading_is_booked_with_what_it_had(
    stand: Stand, org: str, openai_of: Callable[[str], openai.OpenAI]
) -> None:
    ticket = stand.ticket(org, "/v1/chat/completions", stream=True)
    long: list[Any] = [{"role": "user", "content": "word " * 400}]
    with openai_of(ticket) as client:
        stream = client.chat.completions.create(model="sandbox-slow", messages=long, stream=True)
        next(stream)
        stream.close()
    deadline = time.monotonic() + 10
    while not stand.outcomes(org, ticket) and time.monotonic() < deadline:
        time.sleep(0.02)
    outcome = stand.outcome(org, ticket)
    assert (outcome["status"], outcome["estimated"]) == ("client_closed", True)
    assert 0 < outcome["input_tokens"] <= 2000
    assert outcome["output_tokens"] < 400


@pytest.mark.parametrize(
    ("model", "status", "kind"),
    [
        ("sandbox-error-429", 429, openai.RateLimitError),
        ("sandbox-error-500", 500, openai.InternalServerError),
        ("sandbox-error-503", 503, openai.InternalServerError),
        ("no-such-model", 404, openai.NotFoundError),
    ],
)
def test_errors_reach_the_client_as_its_own(
    stand: Stand,
    org: str,
    openai_of: Callable[[str], openai.OpenAI],
    model: str,
    status: int,
    kind: type[openai.APIStatusError],
) -> None:
    ticket = stand.ticket(org, "/v1/chat/completions")
    with openai_of(ticket) as client, pytest.raises(kind) as caught:
        client.chat.completions.create(model=model, messages=HELLO)
    assert caught.value.status_code == status
    outcome = stand.outcome(org, ticket)
    assert (outcome["status"], outcome["http_status"]) == ("provider_error", status)
    assert outcome["cost_nanos"] == 0


def test_an_unknown_model_is_model_not_found_in_either_dialect(stand: Stand, org: str) -> None:
    ticket = stand.ticket(org, "/v1/messages")
    answer = stand.session.post(f"{stand.url}/v1/messages", json={"model": "no-such-model"},
                                headers=stand.headers(org, ticket))  # fmt: skip
    assert (answer.status_code, answer.json()["error"]["type"]) == (404, "not_found_error")
    ticket = stand.ticket(org, "/v1/embeddings")
    answer = stand.session.post(f"{stand.url}/v1/embeddings", json={"model": "no-such-model"},
                                headers=stand.headers(org, ticket))  # fmt: skip
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (404, "model_not_found", "model")
    assert stand.outcome(org, ticket)["error"] == "model_not_found"


def test_live_mode_needs_a_provider(stand: Stand, org: str) -> None:
    ticket = stand.ticket(org, "/v1/chat/completions")
    answer = stand.session.post(
        f"{stand.url}/v1/chat/completions", json={"model": "gpt-4o-mini"},
        headers=stand.headers(org, ticket, mode="live"),
    )  # fmt: skip
    assert answer.status_code == 404
    assert "`openai`" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "body", ["{", "[]", "{}", '{"model": 1}', '{"model":"\\ud800"}', "[" * 99999]
)
def test_a_body_that_cannot_be_read_is_400_and_closed(stand: Stand, org: str, body: str) -> None:
    ticket = stand.ticket(org, "/v1/chat/completions")
    answer = stand.session.post(f"{stand.url}/v1/chat/completions", data=body,
                                headers=stand.headers(org, ticket))  # fmt: skip
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert stand.outcome(org, ticket)["http_status"] == 400


def test_nobody_gets_in_without_an_assertion_a_permission_and_a_ticket(
    stand: Stand, org: str
) -> None:
    def status(headers: dict[str, str]) -> int:
        url = f"{stand.url}/v1/chat/completions"
        answer: requests.Response = stand.session.post(
            url, data=json.dumps({"model": "sandbox", "messages": HELLO}), headers=headers
        )
        return answer.status_code

    ticket = stand.ticket(org, "/v1/chat/completions")
    assert status({"x-tollgate-ticket": ticket}) == 401
    assert status({"authorization": "Bearer nonsense", "x-tollgate-ticket": ticket}) == 401
    assert status(stand.headers(org, ticket, scope="models:read")) == 403
    assert status(stand.headers(org)) == 400
    assert stand.outcomes(org, ticket) == []
    assert status(stand.headers(org, ticket)) == 200


def test_a_ticket_is_closed_once(stand: Stand, org: str) -> None:
    ticket = stand.ticket(org, "/v1/chat/completions")
    for _ in range(2):
        stand.session.post(
            f"{stand.url}/v1/chat/completions", json={"model": "sandbox", "messages": HELLO},
            headers=stand.headers(org, ticket),
        )  # fmt: skip
    assert len(stand.outcomes(org, ticket)) == 1


def test_models_are_listed_in_the_callers_shape(stand: Stand, org: str) -> None:
    headers = stand.headers(org)
    listed = stand.session.get(f"{stand.url}/v1/models", headers=headers).json()
    names = [model["id"] for model in listed["data"]]
    assert {"gpt-4o-mini", "claude-sonnet-4-6", "sandbox"} <= set(names)
    one = stand.session.get(f"{stand.url}/v1/models/gpt-4o-mini", headers=headers).json()
    assert one == {"id": "gpt-4o-mini", "object": "model", "created": 0, "owned_by": "sandbox"}
    unknown = stand.session.get(f"{stand.url}/v1/models/nothing", headers=headers)
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "model_not_found")
    with anthropic.Anthropic(
        base_url=stand.url, auth_token=stand.issuer.assertion(org), max_retries=0
    ) as client:
        assert [model.id for model in client.models.list(limit=50)] == names
        page = client.models.list(limit=3, before_id=names[5])
        assert [model.id for model in page.data] == names[2:5]
        assert client.models.retrieve("claude-sonnet-4-6").id == "claude-sonnet-4-6"


def test_the_gateway_learns_what_bounds_a_models_cost(stand: Stand, org: str) -> None:
    def facts(name: str) -> requests.Response:
        url = f"{stand.url}/internal/v1/models/{name}"
        return stand.session.get(url, headers=stand.headers(org))

    price = {"input_usd_per_mtok": "1.00", "output_usd_per_mtok": "2.00"}
    assert facts("sandbox").json()["price"] == {**price, "tiers": [{"above": 0, **price}]}
    assert facts("claude-sonnet-4-6").json()["price"]["input_usd_per_mtok"] == "6.6"
    assert facts("claude-sonnet-4-6?tier=us").json()["price"]["input_usd_per_mtok"] == "6.6"
    assert facts("claude-sonnet-4-6?tier=mars").json()["price"] is None
    assert facts("claude-sonnet-4-5").json()["price"]["input_usd_per_mtok"] == "12"
    assert facts("claude-opus-5-5").json()["fees"] == {"web_searches": "0.01"}
    assert facts("gpt-6-sol").json()["fees"] == {
        "web_searches": "0.01",
        "file_searches": "0.0025",
        "code_sessions": "0.03",
    }
    assert facts("gpt-4o-search-preview").json()["fees"]["requests"] == "0.025"
    assert facts("sandbox").json()["reads"] == {"image": 85, "context": 16_000, "stated": None}
    assert facts("gpt-4o").json()["reads"] == {"image": 1445, "context": 128_000, "stated": None}
    assert facts("gpt-4o").json()["price"]["output_usd_per_mtok"] == "10"
    assert facts("gpt-4o?tier=priority").json()["price"]["output_usd_per_mtok"] == "17"
    assert facts("gpt-4o?tier=unheard-of").json()["price"] is None
    assert facts("sandbox?tier=priority").json()["price"] == facts("sandbox").json()["price"]
    others = facts("claude-sonnet-4-6?other=claude-opus-5-5&other=nobodys").json()["others"]
    dear = facts("claude-opus-5-5").json()
    assert others == {
        "claude-opus-5-5": {"price": dear["price"], "context": dear["reads"]["context"]},
        "nobodys": {"price": None, "context": 16_000},
    }
    assert facts("sandbox?other=sandbox-second").json()["others"]["sandbox-second"]["price"]
    assert facts("sandbox").json()["others"] == {}
    tiers = facts("gpt-5.4").json()["price"]["tiers"]
    assert [(tier["above"], tier["output_usd_per_mtok"]) for tier in tiers] == [
        (0, "15"),
        (272_000, "22.5"),
    ]
    assert facts("nothing").status_code == 404


@pytest.mark.parametrize(
    ("model", "image"), [("gpt-image-2", 3000), ("gpt-image-1", 6240), ("gpt-4o-transcribe", 3000)]
)
def test_what_an_organisation_states_bounds_what_nobody_publishes(
    stand: Stand, org: str, model: str, image: int
) -> None:
    stated = {"max_input_tokens": 20_000, "max_output_tokens": 3000}
    routes = [{"provider": "openai", "model": model}]
    put = stand.manage("PUT", f"/api/v1/models/{model}", org, json={"routes": routes, **stated})
    assert put.json() | stated == put.json()
    url = f"{stand.url}/internal/v1/models/{model}"
    facts = stand.session.get(url, headers=stand.headers(org)).json()
    assert facts["max_output_tokens"] == 3000
    assert facts["media"] == {
        "image": image, "speech": 3000, "recording": 20_000, "transcript": 3000
    }  # fmt: skip
