"""A ticket is closed once, whatever happens, and again and again until Redis has it."""

import threading
import time
from collections.abc import Sequence
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from tests.llm.inference.test_relay import DONE, HI, USAGE, send
from tests.llm.stand import Provider, Stand, eventually
from tollgate_common.tickets import Outcome, TicketBook, bucket
from tollgate_llm.inference import account
from tollgate_llm.inference.account import Account, Cashier
from tollgate_llm.inference.billing import Billing
from tollgate_llm.metering.usage import Usage, usage_of
from tollgate_llm.pricing.price_list import PriceList
from tollgate_llm.providers.kinds import Provider as Known
from tollgate_llm.routing.models import Candidate

PRICES = PriceList()
BILLING = Billing(PRICES)


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
    made = Account(Cashier(TicketBook(stand.redis, "llm"), BILLING), org, ticket)
    made.close("ok", 200, usage=usage_of(input=3, output=1))
    made.close("provider_error", 500)
    outcome = stand.outcome(org, ticket)
    assert (outcome["status"], outcome["input_tokens"]) == ("ok", 3)


def test_a_close_that_redis_misses_is_made_up_for(
    stand: Stand, org: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account, "RETRY_SECONDS", (0.01,) * 5)
    ticket = stand.ticket(org, "/v1/embeddings")
    book = Flaky(stand.redis, failures=3)
    Account(Cashier(book, BILLING), org, ticket).close("ok", 200)
    assert eventually(lambda: stand.outcomes(org, ticket))
    assert book.closes == 4


def test_the_reaper_gets_what_redis_never_takes(
    stand: Stand, org: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account, "RETRY_SECONDS", (0.001,) * 3)
    ticket = stand.ticket(org, "/v1/embeddings")
    book = Flaky(stand.redis, failures=100)
    Account(Cashier(book, BILLING), org, ticket).close("ok", 200)
    assert eventually(lambda: book.closes == 4)
    assert stand.outcomes(org, ticket) == []


def paid_route(model: str) -> Candidate:
    """Return a route to OpenAI's model of that name."""
    provider = Known(name="p", kind="openai", base_url="http://x", api_key="k", source="platform")
    return Candidate(provider, model, PRICES.find("openai", model), vendor="openai")


@pytest.mark.parametrize(
    ("tier", "cost", "is_estimated"),
    [(None, 2_500, False), ("priority", 4_250, False), ("unheard-of", 2_500, True)],
)
def test_how_the_answer_was_processed_decides_what_it_costs(
    stand: Stand, org: str, tier: str | None, cost: int, is_estimated: bool
) -> None:
    ticket = stand.ticket(org, "/v1/embeddings")
    made = Account(Cashier(TicketBook(stand.redis, "llm"), BILLING), org, ticket)
    made.attempt(paid_route("gpt-4o"))
    conditions = (("service_tier", tier),) if tier else ()
    usage = Usage(parts=usage_of(input=1).parts, service_tier=tier, conditions=conditions)
    assert made.close("ok", 200, usage=usage) == cost
    outcome = stand.outcome(org, ticket)
    assert (outcome["estimated"], outcome["service_tier"]) == (is_estimated, tier)
    (line,) = outcome["lines"]
    assert (line["kind"], line["quantity"]) == ("input", 1)


def test_an_impossible_report_is_booked_at_the_bound(stand: Stand, org: str) -> None:
    ticket = stand.ticket(org, "/v1/chat/completions")
    made = Account(Cashier(TicketBook(stand.redis, "llm"), BILLING), org, ticket)
    made.attempt(paid_route("gpt-4o"))
    made.close("ok", 200, usage=usage_of(input=10**15, output=3))
    outcome = stand.outcome(org, ticket)
    assert (outcome["input_tokens"], outcome["output_tokens"]) == (128_000, 3)
    assert outcome["capped"]
    assert outcome["cost_nanos"] == 128_000 * 2_500 + 3 * 10_000


def test_a_model_without_a_price_is_marked(stand: Stand, org: str) -> None:
    ticket = stand.ticket(org, "/v1/chat/completions")
    made = Account(Cashier(TicketBook(stand.redis, "llm"), BILLING), org, ticket)
    made.attempt(paid_route("unheard-of"))
    assert made.close("ok", 200, usage=usage_of(input=7, output=3)) == 0
    outcome = stand.outcome(org, ticket)
    assert (outcome["unpriced"], outcome["price"]) == (True, None)
    assert [line["unit_price_usd"] for line in outcome["lines"]] == [None, None]


def lease(stand: Stand, org: str, ticket: str) -> float | None:
    found: Any = stand.redis.zscore(f"tickets:{bucket(org)}", ticket)
    return None if found is None else float(found)


def test_what_is_open_is_not_taken_for_lost(stand: Stand, org: str) -> None:
    cashier = Cashier(TicketBook(stand.redis, "llm"), BILLING)
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
