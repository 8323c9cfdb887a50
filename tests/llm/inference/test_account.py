"""A ticket is closed once, whatever happens, and again and again until Redis has it."""

import threading
import time
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from tests.llm.inference.test_relay import DONE, HI, USAGE, send
from tests.llm.stand import Provider, Stand, eventually
from tollgate_common.tickets import Outcome, TicketBook, bucket
from tollgate_llm.catalog.prices import Tariff, make_price
from tollgate_llm.inference import account
from tollgate_llm.inference.account import Account, Cashier
from tollgate_llm.metering.usage import Usage
from tollgate_llm.providers.kinds import Provider as Known
from tollgate_llm.routing.models import Candidate


class Flaky(TicketBook):
    """A book whose Redis is away for the first few closes."""

    def __init__(self, redis: Redis, failures: int) -> None:
        super().__init__(redis, "llm")
        self.failures = failures
        self.closes = 0

    def close(
        self, org: str, ticket_id: str, outcome: Outcome, counters: Sequence[str] = ()
    ) -> bool:
        self.closes += 1
        if self.closes <= self.failures:
            raise RedisConnectionError
        return super().close(org, ticket_id, outcome, counters)


def test_the_first_close_counts(stand: Stand, org: str) -> None:
    ticket = stand.ticket(org, "/v1/embeddings")
    made = Account(Cashier(TicketBook(stand.redis, "llm")), org, ticket)
    made.close("ok", 200, usage=Usage(input_tokens=3, output_tokens=1))
    made.close("provider_error", 500)
    outcome = stand.outcome(org, ticket)
    assert (outcome["status"], outcome["input_tokens"]) == ("ok", 3)


def test_a_close_that_redis_misses_is_made_up_for(
    stand: Stand, org: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account, "RETRY_SECONDS", (0.01,) * 5)
    ticket = stand.ticket(org, "/v1/embeddings")
    book = Flaky(stand.redis, failures=3)
    Account(Cashier(book), org, ticket).close("ok", 200)
    assert eventually(lambda: stand.outcomes(org, ticket))
    assert book.closes == 4


def test_the_reaper_gets_what_redis_never_takes(
    stand: Stand, org: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account, "RETRY_SECONDS", (0.001,) * 3)
    ticket = stand.ticket(org, "/v1/embeddings")
    book = Flaky(stand.redis, failures=100)
    Account(Cashier(book), org, ticket).close("ok", 200)
    assert eventually(lambda: book.closes == 4)
    assert stand.outcomes(org, ticket) == []


@pytest.mark.parametrize(
    ("way", "cost", "estimated"),
    [(None, 1000, False), ("dear", 5000, False), ("unheard-of", 1000, True)],
)
def test_what_the_answer_says_was_used_is_what_it_costs(
    stand: Stand, org: str, way: str | None, cost: int, estimated: bool
) -> None:
    ticket = stand.ticket(org, "/v1/embeddings")
    made = Account(Cashier(TicketBook(stand.redis, "llm")), org, ticket)
    usual, dear = (Tariff(make_price(Decimal(usd), Decimal(0))) for usd in (1, 5))
    box = Known(name="p", kind="openai", base_url="http://x", api_key="k", source="platform")
    made.attempt(Candidate(box, "m", usual._replace(ways={"dear": dear})))
    assert made.close("ok", 200, usage=Usage(input_tokens=1, output_tokens=0, way=way)) == cost
    assert stand.outcome(org, ticket)["estimated"] is estimated


def lease(stand: Stand, org: str, ticket: str) -> float | None:
    found: Any = stand.redis.zscore(f"tickets:{bucket(org)}", ticket)
    return None if found is None else float(found)


def test_what_is_open_is_not_taken_for_lost(stand: Stand, org: str) -> None:
    cashier = Cashier(TicketBook(stand.redis, "llm"))
    tickets = [stand.ticket(org, "/v1/embeddings") for _ in range(3)]
    accounts = [Account(cashier, org, ticket) for ticket in tickets]
    for ticket in tickets:
        stand.redis.zadd(f"tickets:{bucket(org)}", {ticket: 1})
    accounts[0].close("ok", 200)
    del accounts[1]
    cashier.renew()
    closed, forgotten, kept = (lease(stand, org, ticket) for ticket in tickets)
    assert (closed, forgotten) == (None, 1)
    assert kept is not None
    assert kept > time.time() * 1000


def test_a_long_call_keeps_its_lease(stand: Stand, org: str, provider: Provider) -> None:
    """All the time that it takes, in llm itself."""
    last = threading.Event()
    provider.script = [provider.streams(), provider.chunk(HI), last, provider.chunk(USAGE + DONE),
                       b"0\r\n\r\n"]  # fmt: skip
    ticket, answer, connection = send(stand, org, b'{"model":"here","stream":true}')
    stand.redis.zadd(f"tickets:{bucket(org)}", {ticket: 1})
    eventually(lambda: (lease(stand, org, ticket) or 0) > 1, within=2 * account.RENEW_SECONDS)
    last.set()
    assert answer.read().endswith(DONE)
    connection.close()
    assert stand.outcome(org, ticket)["status"] == "ok"
