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
from tollgate_common.tickets import TicketBook, bucket
from tollgate_common.tickets.counts import LimitCounts
from tollgate_gateway.tickets.bounds import Bounds
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
    request = Asked("req_1", CHAT, "openai", asked(CHAT, max_tokens=CAP), SENT, {})
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
    assert outcome["input_tokens"] + outcome["output_tokens"] == read + CAP
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
    assert outcome["input_tokens"] >= CAP
    assert (outcome["cost_nanos"], outcome["estimated"]) == (0, True)
