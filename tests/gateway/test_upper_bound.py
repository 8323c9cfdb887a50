"""The most that a request can use, or that nothing bounds it."""

import json
from typing import Any

import msgspec
import pytest

from tollgate_common.money import to_nanos
from tollgate_common.principal import Principal
from tollgate_common.relay import RelayClient
from tollgate_gateway.parsed_requests.input_bound import bound_input
from tollgate_gateway.parsed_requests.parsed_request import ParsedRequest
from tollgate_gateway.parsed_requests.readers import READERS, Transcript
from tollgate_gateway.tickets.bounds import Bounds
from tollgate_gateway.tickets.model_facts import ModelFactsClient, Price
from tollgate_gateway.tickets.upper_bound import UpperBound

PRICE = {"input_usd_per_mtok": "1", "output_usd_per_mtok": "2"}
PUBLISHED = {"image": 6000, "speech": 500, "recording": 16_000, "transcript": 2000}


BODY = b'{"model":"m","instructions":"%s"}' % (b"x" * 967)
READ = bound_input(BODY).text_tokens


class FakeAnswer:
    status = 200

    def __init__(self, facts: dict[str, Any]) -> None:
        self._facts = facts

    def read(self) -> bytes:
        return json.dumps(self._facts).encode()


class FakeLlm(RelayClient):
    """Knows of every model the same."""

    def __init__(self, **facts: Any) -> None:
        self._facts = facts

    def send(self, *_: Any, **__: Any) -> Any:
        return FakeAnswer(self._facts)


def bound(asked: ParsedRequest, body: bytes | None = None, **facts: Any) -> UpperBound:
    principal = Principal(
        org="o", mode="test", scopes=(), models=("*",), version=1, assertion="a",
        assertion_expires_at=0,
    )  # fmt: skip
    return Bounds(ModelFactsClient(FakeLlm(**facts)), 100).bound(principal, asked, body or BODY)


def asked(path: str, **body: Any) -> ParsedRequest:
    return READERS[path](json.dumps({"model": "m", **body}).encode(), None)


@pytest.mark.parametrize(
    ("request_", "read", "wrote"),
    [
        (asked("/v1/completions", prompt=["a", "b"], max_tokens=7, best_of=3), READ, 42),
        (asked("/v1/images/generations", n=2), READ, 12_000),
        (asked("/v1/images/generations", partial_images=3), READ, 6300),
        (asked("/v1/audio/speech"), READ, 500),
        (Transcript(model="m"), 16_000, 2000),
    ],
)
def test_what_the_vendor_publishes_bounds_the_request(
    request_: ParsedRequest, read: int, wrote: int
) -> None:
    most = bound(request_, price=PRICE, media=PUBLISHED)
    assert (most.input_tokens, most.output_tokens) == (read, wrote)
    assert (most.tokens, most.cost_nanos) == (read + wrote, read * 1000 + wrote * 2000)
    assert most.holds


@pytest.mark.parametrize(
    "request_",
    [
        asked("/v1/images/generations"),
        asked("/v1/audio/speech"),
        Transcript(model="m"),
    ],
)
def test_without_a_published_maximum_nothing_holds(request_: ParsedRequest) -> None:
    assert not bound(request_, price=PRICE).holds


@pytest.mark.parametrize(
    "request_",
    [
        asked("/v1/images/generations", output_format="gif"),
        asked("/v1/images/generations", svg={"model": "writes"}),
        Transcript(model="m", chunked=True),
    ],
)
def test_a_request_beyond_what_is_published_is_not_bounded_by_it(request_: ParsedRequest) -> None:
    assert not bound(request_, price=PRICE, media=PUBLISHED).holds


@pytest.mark.parametrize("cap", [-1, -(10**9), 0])
def test_a_cap_that_is_none_bounds_nothing(cap: int) -> None:
    most = bound(asked("/v1/chat/completions", max_tokens=cap), price=PRICE)
    assert (most.tokens, most.cost_nanos) == (READ + 100, READ * 1000 + 100 * 2000)
    assert (most.holds, most.cap) == (True, 100)


def test_an_absurd_number_is_beyond_every_limit_and_still_a_number() -> None:
    most = bound(asked("/v1/chat/completions", max_tokens=10**15, n=10**15), price=PRICE)
    assert (most.tokens, most.cost_nanos) == (2**52, 2**52)


def test_a_moderation_is_free_whatever_is_known_of_its_price() -> None:
    free = bound(asked("/v1/moderations"))
    assert (free.tokens, free.cost_nanos, free.holds) == (0, 0, True)


TIERED = {
    "input_usd_per_mtok": "4",
    "output_usd_per_mtok": "15",
    "tiers": [
        {"above": 0, "input_usd_per_mtok": "2", "output_usd_per_mtok": "10"},
        {"above": 272_000, "input_usd_per_mtok": "4", "output_usd_per_mtok": "15"},
    ],
}


@pytest.mark.parametrize(
    ("text", "prices"),
    [(1, ("0.000002", "0.00001")), (272_001, ("0.000004", "0.000015"))],
)
def test_a_price_that_only_long_inputs_have_is_reserved_for_those_alone(
    text: int, prices: tuple[str, str]
) -> None:
    body = b'{"model":"m","max_tokens":100,"instructions":"%s"}' % (b"x" * text)
    reserved = bound(READERS["/v1/responses"](body, None), body, price=TIERED).booked()
    assert [(line.kind, line.unit_price_usd) for line in reserved.lines] == [
        ("input", prices[0]),
        ("output", prices[1]),
    ]


def test_at_its_start_a_tier_does_not_hold_yet() -> None:
    price = msgspec.convert(TIERED, Price, strict=False)
    assert price.of_up_to(272_000).output_usd_per_mtok == 10
    assert price.of_up_to(272_001).output_usd_per_mtok == 15
    assert price.of_up_to(0).output_usd_per_mtok == 10


def test_of_several_prices_that_may_hold_the_highest_is_reserved() -> None:
    """Some vendors have long inputs cheaper."""
    tiers = [
        {"above": 0, "input_usd_per_mtok": "5", "output_usd_per_mtok": "10"},
        {"above": 50, "input_usd_per_mtok": "1", "output_usd_per_mtok": "20"},
        {"above": 10**6, "input_usd_per_mtok": "9", "output_usd_per_mtok": "90"},
    ]
    price = {"input_usd_per_mtok": "9", "output_usd_per_mtok": "90", "tiers": tiers}
    reserved = bound(asked("/v1/chat/completions", max_tokens=7), price=price)
    assert reserved.cost_nanos == READ * 5000 + 7 * 20_000


@pytest.mark.parametrize(
    ("request_", "kinds"),
    [
        (asked("/v1/images/generations"), ("input", "image_output")),
        (asked("/v1/audio/speech"), ("input", "audio_output")),
        (Transcript(model="m"), ("audio_input", "output")),
        (asked("/v1/chat/completions", max_tokens=1), ("input", "output")),
    ],
)
def test_the_lines_of_a_reservation_say_what_is_made(
    request_: ParsedRequest, kinds: tuple[str, str]
) -> None:
    reserved = bound(request_, price=PRICE, media=PUBLISHED).booked()
    assert tuple(line.kind for line in reserved.lines) == kinds
    assert reserved.tokens == reserved.input_tokens + reserved.output_tokens
    costs = (line.cost_usd for line in reserved.usage_lines("m"))
    assert sum(map(to_nanos, costs)) == reserved.cost_nanos
