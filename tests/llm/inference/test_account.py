"""A ticket is closed once, whatever happens, and again and again until Redis has it."""

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from tests.llm.stand import Stand, eventually
from tollgate_common.tickets import Outcome, TicketBook
from tollgate_llm.inference import account
from tollgate_llm.inference.account import Account, Cashier
from tollgate_llm.metering.usage import Usage


class Flaky(TicketBook):
    """A book whose Redis is away for the first few closes."""

    def __init__(self, redis: Redis, failures: int) -> None:
        super().__init__(redis, "llm")
        self.failures = failures
        self.closes = 0

    def close(self, org: str, ticket_id: str, outcome: Outcome) -> bool:
        self.closes += 1
        if self.closes <= self.failures:
            raise RedisConnectionError
        return super().close(org, ticket_id, outcome)


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
