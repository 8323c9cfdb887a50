"""A call whose owner died is booked at the most that it could use, whether a limit applied or
not."""

from typing import Any

import pytest
from redis import Redis

from tests.gateway.test_upper_bound import BODY as SENT
from tests.gateway.test_upper_bound import PRICE, READ, FakeLlm, asked
from tollgate_common.events.cloudevents import read_event
from tollgate_common.principal import Limit, Principal, Subject
from tollgate_common.relay import RelayClient, RelayFailed
from tollgate_common.request_ids import RequestIds
from tollgate_common.tickets import Bound, TicketBook, bucket
from tollgate_common.tickets.counts import LimitCounts
from tollgate_gateway.tickets.bounds import Bounds
from tollgate_gateway.tickets.lost import lost_outcome
from tollgate_gateway.tickets.model_facts import ModelFactsClient
from tollgate_gateway.tickets.reaper import reap
from tollgate_gateway.tickets.service import Asked, Open, TicketOffice

CHAT = "/v1/chat/completions"
CAP = 30
BUDGET = Limit("lim_1", Subject("org", "o"), "cost_usd", "total", "1.00")


class Gone(RelayClient):
    """Nobody answers."""

    def __init__(self) -> None:
        pass

    def send(self, *_: Any, **__: Any) -> Any:
        raise RelayFailed("refused", sent=False)


def opened(redis: Redis, llm: RelayClient, *limits: Limit) -> tuple[TicketOffice, Open]:
    principal = Principal(
        org="o", mode="test", scopes=(), models=("*",), version=1, assertion="a",
        assertion_expires_at=0, limits=limits,
    )  # fmt: skip
    office = TicketOffice(TicketBook(redis, "gateway"), Bounds(ModelFactsClient(llm), 100))
    request = Asked(RequestIds("req_1"), CHAT, "openai", asked(CHAT, max_tokens=CAP), SENT, {})
    return office, office.open(principal, request)


def booked(redis: Redis) -> dict[str, Any]:
    entries: Any = redis.xrange(f"usage:{bucket('o')}")
    [(_, fields)] = entries
    outcome: dict[str, Any] = read_event(fields[b"event"])["data"]["outcome"]
    return outcome


@pytest.mark.parametrize(("limits", "read"), [((), len(SENT)), ((BUDGET,), READ)])
def test_the_reaper_books_the_most(
    redis_client: Redis, limits: tuple[Limit, ...], read: int
) -> None:
    _, ticket = opened(redis_client, FakeLlm(price=PRICE), *limits)
    book = TicketBook(redis_client, "gateway")
    assert reap(book) == 0
    redis_client.zadd(f"tickets:{bucket('o')}", {ticket.ticket.id: 1})
    assert (reap(book), reap(book)) == (1, 0)
    outcome = booked(redis_client)
    assert (outcome["status"], outcome["estimated"]) == ("lost", True)
    assert (outcome["input_tokens"], outcome["output_tokens"]) == (read, CAP)
    assert [
        (line["model"], line["kind"], line["quantity"], line["unit_price_usd"])
        for line in outcome["lines"]
    ] == [("m", "input", read, "0.000001"), ("m", "output", CAP, "0.000002")]
    assert outcome["cost_nanos"] == read * 1000 + CAP * 2000
    counted = LimitCounts(redis_client).of(ticket.hold.reservations)
    assert [(each.used, each.reserved) for each in counted] == [
        (outcome["cost_nanos"], 0) for _ in limits
    ]


def test_a_broken_connection_books_it_at_once(redis_client: Redis) -> None:
    office, ticket = opened(redis_client, FakeLlm(price=PRICE))
    office.abandon(ticket, "llm_unavailable", used=True)
    assert booked(redis_client)["cost_nanos"] == len(SENT) * 1000 + CAP * 2000


def test_without_facts_a_call_that_no_limit_binds_still_runs(redis_client: Redis) -> None:
    """Nobody knows its price: only its tokens are booked."""
    office, ticket = opened(redis_client, Gone())
    office.abandon(ticket, "llm_unavailable", used=True)
    outcome = booked(redis_client)
    assert outcome["input_tokens"] + outcome["output_tokens"] >= CAP
    assert (outcome["cost_nanos"], outcome["estimated"], outcome["unpriced"]) == (0, True, True)


def test_a_ticket_of_an_earlier_version_is_booked_as_one_sum() -> None:
    outcome = lost_outcome("m", Bound(700, 25), "lease_expired")
    [line] = outcome.lines or ()
    assert (line.kind, line.quantity, line.cost_usd) == ("requests", 1, "0.000000025")
    assert (outcome.input_tokens, outcome.output_tokens, outcome.cost_nanos) == (700, 0, 25)


@pytest.mark.parametrize("cap", [10**12, 10**30])
def test_a_cap_beyond_counting_is_booked_all_the_same(redis_client: Redis, cap: int) -> None:
    principal = Principal(
        org="o", mode="test", scopes=(), models=("*",), version=1, assertion="a",
        assertion_expires_at=0,
    )  # fmt: skip
    office = TicketOffice(
        TicketBook(redis_client, "gateway"), Bounds(ModelFactsClient(FakeLlm(price=PRICE)), 100)
    )
    request = Asked(RequestIds("req_1"), CHAT, "openai", asked(CHAT, max_tokens=cap), SENT, {})
    office.abandon(office.open(principal, request), "llm_unavailable", used=True)
    outcome = booked(redis_client)
    assert outcome["cost_nanos"] == min(2**52, len(SENT) * 1000 + cap * 2000)
