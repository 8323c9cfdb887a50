"""A limit that enforces is never overspent: what may be used is reserved, and what a provider uses
beyond its cap is a debt that the next request meets."""

import base64
import json
from typing import Any

import pytest
import requests

from tests.e2e.platform import Key, Platform
from tests.e2e.test_stated_maxima import put_model
from tollgate_gateway.parsed_requests.input_bound import bound_input

CHAT, RESPONSES, MESSAGES = "/v1/chat/completions", "/v1/responses", "/v1/messages"
DEFAULT_CAP = 4096
BEYOND_CAP = 16
ADDRESS = {"type": "image_url", "image_url": {"url": "https://example.test/a.png"}}
HIDDEN = base64.b64encode(b"\x89PNG, small and of 8000 by 8000 pixels").decode()
EMBEDDED = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{HIDDEN}"}}
FILE = {
    "type": "file",
    "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AA=="},
}


def limited(platform: Platform, metric: str, most: str, mode: str = "enforce") -> Key:
    limit = {"metric": metric, "window": "month", "max": most, "mode": mode}
    return platform.new_key(limits=[limit])


def chat(model: str, content: Any, **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": content}], **more}


def reserved_for(body: dict[str, Any]) -> int:
    """The tokens that are reserved for a request of text with a cap of one token."""
    return bound_input(json.dumps(body).encode()).text_tokens + 1


def written_by(answer: requests.Response) -> int:
    """Tokens of output."""
    assert answer.status_code == 200, answer.text
    usage = answer.json()["usage"]
    return int(usage.get("completion_tokens") or usage["output_tokens"])


def code_of(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


@pytest.mark.parametrize(
    ("metric", "most"), [("tokens", "1000"), ("cost_usd", "0.001")], ids=["tokens", "cost"]
)
@pytest.mark.parametrize("stream", [False, True])
def test_what_a_provider_uses_beyond_its_cap_is_a_debt(
    platform: Platform, metric: str, most: str, stream: bool
) -> None:
    key = limited(platform, metric, most)
    request = chat("sandbox-overage", "one two three", max_tokens=1, stream=stream)
    statuses, spent = [], 0
    for _ in range(60):
        answer = platform.post(CHAT, request, key.secret)
        statuses.append(answer.status_code)
        if answer.status_code == 429:
            break
        row = platform.row(answer.headers["x-request-id"])
        assert (row["input_tokens"], row["output_tokens"]) == (3, 1 + BEYOND_CAP)
        spent += row["input_tokens"] + row["output_tokens"]
    assert statuses[-1] == 429, "the excess was never counted"
    assert code_of(answer) == (429, "insufficient_quota")
    assert platform.usage(key.project)["output_tokens"] == (len(statuses) - 1) * (1 + BEYOND_CAP)
    if metric == "tokens":
        assert spent + reserved_for(request) > int(most)


def test_more_than_the_whole_limit_is_booked_in_full(platform: Platform) -> None:
    """The excess alone is more than what is left."""
    body = chat("sandbox-overage", "one two three", max_tokens=1)
    fits = reserved_for(body)
    key = limited(platform, "tokens", str(fits))
    first = platform.post(CHAT, body, key.secret)
    assert first.status_code == 200
    used = first.json()["usage"]["total_tokens"]
    assert used == 3 + 1 + BEYOND_CAP
    second = platform.post(CHAT, body, key.secret)
    assert code_of(second) == (429, "insufficient_quota")
    assert f"{fits - used} left" in second.json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (CHAT, chat("gpt-4o", "hi", max_tokens=1)),
        (MESSAGES, chat("claude-sonnet-4-5", "hi", max_tokens=1)),
        ("/v1/completions", {"model": "gpt-3.5-turbo-instruct", "prompt": "hi", "max_tokens": 1}),
        ("/v1/embeddings", {"model": "text-embedding-3-small", "input": ["hi"]}),
    ],
)
def test_a_short_request_fits_into_a_small_limit(
    platform: Platform, path: str, body: dict[str, Any]
) -> None:
    """What the provider counts is reserved, not the JSON around it: spaces and escapes are free."""
    escaped = json.dumps(body, indent=20).replace('"hi"', '"\\u0068\\u0069"').encode()
    assert len(escaped) > 100
    key = limited(platform, "tokens", "100")
    answer = platform.post(path, escaped, key.secret, **{"anthropic-version": "2023-06-01"})
    assert answer.status_code == 200, answer.text
    row = platform.row(answer.headers["x-request-id"])
    assert row["input_tokens"] == 1


def test_a_member_twice_is_bounded_by_nothing(platform: Platform) -> None:
    """A provider may read the one that was not counted."""
    body = json.dumps(chat("gpt-4o", "x" * 1000, max_tokens=1))
    body = body.replace('"content":', '"content": "y", "content":', 1)
    key = limited(platform, "tokens", "100")
    refused = platform.post(CHAT, body.encode(), key.secret)
    assert code_of(refused) == (400, "unbounded_request")
    assert "`content: twice`" in refused.json()["error"]["message"]


@pytest.mark.parametrize("path", [CHAT, RESPONSES])
def test_the_default_cap_is_sent_where_a_limit_needs_it(platform: Platform, path: str) -> None:
    words = "word " * (DEFAULT_CAP + 100)
    said = chat("sandbox", words) if path == CHAT else {"model": "sandbox", "input": words}

    def written(secret: str, **headers: str) -> int:
        return written_by(platform.post(path, said, secret, **headers))

    assert written(limited(platform, "cost_usd", "1").secret) == DEFAULT_CAP
    assert written(limited(platform, "cost_usd", "1", mode="warn").secret) > DEFAULT_CAP
    assert written(platform.new_key().secret, **{"x-tollgate-max-output": "5"}) > DEFAULT_CAP


def test_a_legacy_completion_keeps_its_own_default(platform: Platform) -> None:
    body = {"model": "sandbox", "prompt": "word " * 100}
    for key in (platform.new_key(), limited(platform, "tokens", "1000")):
        assert written_by(platform.post("/v1/completions", body, key.secret)) == 16


def test_a_cap_that_is_none_does_not_become_the_requests(platform: Platform) -> None:
    words = "word " * (DEFAULT_CAP + 100)
    key = limited(platform, "tokens", "1000000")
    answer = platform.post(CHAT, chat("sandbox", words, max_tokens=None), key.secret)
    assert answer.json()["usage"]["completion_tokens"] == DEFAULT_CAP
    assert answer.json()["choices"][0]["finish_reason"] == "length"


@pytest.mark.parametrize("part", [ADDRESS, EMBEDDED], ids=["by address", "of few bytes"])
def test_a_picture_is_reserved_at_its_largest(platform: Platform, part: dict[str, Any]) -> None:
    """gpt-4o reads up to 1,445 tokens of one."""
    body = chat("gpt-4o", [part, {"type": "text", "text": "?"}], max_tokens=1)
    twice = chat("gpt-4o", [part, part, {"type": "text", "text": "?"}], max_tokens=1)
    key = limited(platform, "tokens", "2500")
    assert code_of(platform.post(CHAT, twice, key.secret)) == (429, "limit_too_small")
    assert platform.post(CHAT, body, key.secret).status_code == 200


def test_a_file_is_reserved_at_the_models_context(platform: Platform) -> None:
    body = chat("gpt-4o", [FILE, {"type": "text", "text": "?"}], max_tokens=1)
    for most, status in (("128000", 429), ("129000", 200)):
        key = limited(platform, "tokens", most)
        assert platform.post(CHAT, body, key.secret).status_code == status


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"tools": [{"type": "web_search"}]}, "tools: web_search"),
        ({"prompt": {"id": "pmpt_1"}}, "prompt"),
        ({"background": True}, "background"),
    ],
)
def test_what_nothing_bounds_is_refused_by_name(
    platform: Platform, more: dict[str, Any], named: str
) -> None:
    body = {"model": "gpt-4o", "input": "x", "max_output_tokens": 1, **more}
    refused = platform.post(RESPONSES, body, limited(platform, "tokens", "1000000000").secret)
    assert code_of(refused) == (400, "unbounded_request")
    assert f"`{named}`" in refused.json()["error"]["message"]
    warned = platform.post(RESPONSES, body, limited(platform, "tokens", "1", "warn").secret)
    assert warned.headers["x-tollgate-provider"] == "sandbox"


def test_what_an_organisation_states_bounds_the_vendors_tools(platform: Platform) -> None:
    model = put_model(platform, "gpt-4o", max_input_tokens=5000)
    body = {
        "model": model, "input": "x", "max_output_tokens": 1, "tools": [{"type": "web_search"}]
    }  # fmt: skip
    short = platform.post(RESPONSES, body, limited(platform, "tokens", "5000").secret)
    assert code_of(short) == (429, "limit_too_small")
    enough = platform.post(RESPONSES, body, limited(platform, "tokens", "5001").secret)
    assert enough.headers["x-tollgate-provider"] == "sandbox"


def test_a_dearer_way_is_reserved_at_its_price(platform: Platform) -> None:
    """A thousand tokens of gpt-4o's output are a cent, or 1.7 by priority."""
    body = chat("gpt-4o", "x", max_tokens=1000)
    for tier, status in (("default", 200), ("flex", 400), ("priority", 429), ("unheard", 400)):
        key = limited(platform, "cost_usd", "0.012")
        answer = platform.post(CHAT, {**body, "service_tier": tier}, key.secret)
        assert answer.status_code == status, (tier, answer.text)
        if status == 400:
            assert answer.json()["error"]["code"] == "unpriced_model"


ADVISOR = {"type": "advisor_20260301", "name": "advisor", "model": "sandbox-second"}
FALLBACKS = [{"model": "sandbox-second"}]


@pytest.mark.parametrize(
    ("body", "models"),
    [
        (
            {"model": "sandbox-advisor", "tools": [ADVISOR | {"max_uses": 1, "max_tokens": 300}]},
            {"sandbox-advisor", "sandbox-second"},
        ),
        ({"model": "sandbox-fallback", "fallbacks": FALLBACKS}, {"sandbox-second"}),
    ],
    ids=["advisor", "fallback"],
)
def test_other_models_are_reserved_and_booked_at_their_own_prices(
    platform: Platform, body: dict[str, Any], models: set[str]
) -> None:
    asked = chat(content="one two three", max_tokens=50, **body)
    tight = limited(platform, "cost_usd", "0.0001")
    refused = platform.post(MESSAGES, asked, tight.secret)
    assert refused.status_code == 429
    assert "smaller than this request" in refused.json()["error"]["message"]
    key = limited(platform, "cost_usd", "0.1")
    betas = "advisor-tool-2026-03-01,server-side-fallback-2026-07-01"
    beta = {"anthropic-version": "2023-06-01", "anthropic-beta": betas}
    answer = platform.post(MESSAGES, asked, key.secret, **beta)
    assert answer.status_code == 200, answer.text
    row = platform.row(answer.headers["x-request-id"])
    assert {line["model"] for line in row["lines"]} == models
    assert (row["capped"], row["unpriced"]) == (False, False)


def test_an_advisor_without_a_most_is_refused(platform: Platform) -> None:
    key = limited(platform, "cost_usd", "100")
    answer = platform.post(
        MESSAGES, chat("sandbox-advisor", "hi", max_tokens=50, tools=[ADVISOR]), key.secret
    )
    assert answer.status_code == 400
    assert "advisor_20260301" in answer.json()["error"]["message"]
