"""Models that a provider asks beside the request's own are reserved at their own prices, or the
request is refused by the part that has no bound."""

import json
from typing import Any

import pytest
from redis import Redis

from tests.gateway.test_fees import MESSAGES, opened
from tests.gateway.test_upper_bound import PRICE
from tollgate_common.errors import TollgateError
from tollgate_gateway.parsed_requests.input_bound import BoundSource, bound_input
from tollgate_gateway.parsed_requests.vendor_rules import ADVISOR_TOKENS

DEAR = {"input_usd_per_mtok": "10", "output_usd_per_mtok": "50"}
FACTS: dict[str, Any] = {
    "price": PRICE,
    "reads": {"context": 10_000},
    "others": {"dear": {"price": DEAR, "context": 50_000}},
}
HI = [{"role": "user", "content": "hi"}]
ADVISOR = {"type": "advisor_20260301", "name": "advisor", "model": "dear"}
ADVISED = ADVISOR | {"max_uses": 2, "max_tokens": 300}


def lines(redis: Redis, **body: Any) -> list[tuple[Any, ...]]:
    request_body: dict[str, Any] = {"messages": HI, "max_tokens": 500, "facts": FACTS} | body
    return [tuple(line) for line in opened(redis, MESSAGES, **request_body).hold.bound.lines]


def test_an_advisor_is_reserved_at_its_price_for_each_of_its_uses(redis_client: Redis) -> None:
    """Each time it reads the conversation with all that was written and advised, and the model
    reads that anew."""
    sent = bound_input(json.dumps({"model": "m", "messages": HI, "tools": [ADVISED]}).encode())
    conversation = sent.text_tokens + 3 * 500 + 2 * 300
    assert lines(redis_client, tools=[ADVISED]) == [
        ("input", 3 * conversation, "0.000001", ""),
        ("output", 3 * 500, "0.000002", ""),
        ("input", 2 * (conversation + ADVISOR_TOKENS), "0.00001", "dear"),
        ("output", 2 * 300, "0.00005", "dear"),
    ]


def test_an_advisor_of_what_the_provider_keeps_reads_its_whole_context(
    redis_client: Redis,
) -> None:
    reserved = lines(redis_client, tools=[ADVISED], container="c")
    assert [line[1] for line in reserved if line[0] == "input"] == [3 * 12_100, 2 * 50_000]


def test_a_fallback_reads_what_the_model_reads(redis_client: Redis) -> None:
    plain = lines(redis_client)
    for fallback, cap in (({}, 500), ({"max_tokens": None}, 500), ({"max_tokens": 7}, 7)):
        assert lines(redis_client, fallbacks=[{"model": "dear", **fallback}])[-2:] == [
            ("input", plain[0][1], "0.00001", "dear"),
            ("output", cap, "0.00005", "dear"),
        ]


def test_a_fallback_of_what_the_provider_keeps_reads_the_larger_context(
    redis_client: Redis,
) -> None:
    body = {"container": "c", "fallbacks": [{"model": "dear"}]}
    assert lines(redis_client, **body)[2][:2] == ("input", 50_000)


def test_all_of_it_counts_as_tokens_and_as_cost(redis_client: Redis) -> None:
    request_body: dict[str, Any] = {
        "messages": HI,
        "max_tokens": 500,
        "facts": FACTS,
        "tools": [ADVISED],
    }
    bound = opened(redis_client, MESSAGES, "tokens", **request_body).hold.bound
    own, written, others, advice = (line[1] for line in bound.lines)
    assert bound.tokens == own + written + others + advice
    assert bound.cost_nanos == own * 1_000 + written * 2_000 + others * 10_000 + advice * 50_000


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"tools": [ADVISOR]}, "tools: advisor_20260301"),
        ({"tools": [ADVISOR | {"max_uses": 2}]}, "tools: advisor_20260301"),
        ({"tools": [ADVISOR | {"max_tokens": 9}]}, "tools: advisor_20260301"),
        ({"tools": [ADVISED | {"max_uses": True}]}, "tools: advisor_20260301"),
        ({"tools": [ADVISED | {"model": None}]}, "tools: advisor_20260301"),
        ({"fallbacks": "dear"}, "fallbacks"),
        ({"fallbacks": ["dear"]}, "fallbacks: 0"),
        ({"fallbacks": [{"model": "dear"}, {}]}, "fallbacks: 1"),
        ({"fallbacks": [{"model": "dear", "speed": "fast"}]}, "fallbacks: 0"),
        ({"fallbacks": [{"model": "dear", "max_tokens": "9"}]}, "fallbacks: 0"),
        ({"fallbacks": [{"model": "dear"}] * 9}, "fallbacks: 8"),
    ],
)
def test_what_nothing_bounds_is_refused_by_its_name(
    redis_client: Redis, body: dict[str, Any], field: str
) -> None:
    bound = bound_input(json.dumps({"messages": HI, **body}).encode())
    assert (bound.source, bound.field) == (BoundSource.NOTHING, field)
    for metric in ("tokens", "cost_usd"):
        with pytest.raises(TollgateError) as refused:
            opened(redis_client, MESSAGES, metric, messages=HI, max_tokens=5, facts=FACTS, **body)
        assert refused.value.error_code == "unbounded_request"
        assert refused.value.param == field.partition(":")[0]


def test_a_model_that_nobody_prices_is_refused_under_a_limit_on_cost(redis_client: Redis) -> None:
    fallbacks = [{"model": "secret"}]
    body: dict[str, Any] = {"messages": HI, "max_tokens": 5, "fallbacks": fallbacks, "facts": FACTS}
    with pytest.raises(TollgateError) as refused:
        opened(redis_client, MESSAGES, **body)
    assert (refused.value.error_code, refused.value.param) == ("unpriced_model", "fallbacks")
    assert opened(redis_client, MESSAGES, "tokens", **body).ticket.model == "m"


def test_a_context_that_nobody_publishes_bounds_nothing(redis_client: Redis) -> None:
    facts = FACTS | {"others": {"dear": {"price": DEAR}}}
    assert lines(redis_client, tools=[ADVISED], facts=facts)
    with pytest.raises(TollgateError) as refused:
        lines(redis_client, tools=[ADVISED], container="c", facts=facts)
    assert refused.value.error_code == "unbounded_request"
    assert refused.value.param == "container"
