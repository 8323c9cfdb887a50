"""The ticket scripts on a real Redis."""

import json
import threading
import time
from typing import Any

import pytest
from redis import Redis

from tollgate_common.events.cloudevents import read_event, timestamp
from tollgate_common.ids import new_uuid
from tollgate_common.tickets import (
    Attribution,
    Bound,
    Hold,
    Outcome,
    Refusal,
    Reservation,
    TicketBook,
    bucket,
    usage_streams,
)
from tollgate_common.tickets.counts import LimitCounts

ORG = "org_test"
TAG = bucket(ORG)
FAR = int((time.time() + 86_400) * 1000)


@pytest.fixture
def book(redis_client: Redis) -> TicketBook:
    return TicketBook(redis_client, "test")


def ticket(**more: Any) -> Attribution:
    fields: dict[str, Any] = {
        "id": new_uuid(), "request_id": "req_1", "org": ORG, "mode": "test", "stream": False,
        "endpoint": "/v1/chat/completions", "dialect": "openai", "model": "sandbox",
        "opened_at": timestamp(),
    }  # fmt: skip
    return Attribution(**(fields | more))


def window(maximum: int, amount: int = 1, **more: Any) -> Reservation:
    fields: dict[str, Any] = {
        "limit": "lim_w", "counter": f"limit:{TAG}:lim_w:test:2026", "kind": "window",
        "metric": "requests", "max": maximum, "amount": amount, "expires_at_ms": FAR,
    }  # fmt: skip
    return Reservation(**(fields | more))


def per_minute(maximum: int, amount: int = 1, **more: Any) -> Reservation:
    return window(
        maximum, amount, limit="lim_b", counter=f"limit:{TAG}:lim_b:test", kind="bucket",
        expires_at_ms=0, period_ms=60_000, **more,
    )  # fmt: skip


def at_once(maximum: int) -> Reservation:
    return window(
        maximum, limit="lim_g", counter=f"limit:{TAG}:lim_g:test", kind="gauge",
        metric="concurrency", expires_at_ms=0,
    )  # fmt: skip


def counted(redis: Redis, limit: Reservation) -> tuple[int, int]:
    """What is used and what is reserved."""
    [count] = LimitCounts(redis).of([limit])
    return count.used, count.reserved


def usage(redis: Redis) -> list[dict[str, Any]]:
    entries: Any = redis.xrange(f"usage:{TAG}")
    return [read_event(fields[b"event"]) for _, fields in entries]


def ok(**more: Any) -> Outcome:
    return Outcome(status="ok", **more)


def test_a_closed_ticket_leaves_one_valid_event_and_nothing_else(
    book: TicketBook, redis_client: Redis
) -> None:
    opened = ticket(tags={"team": 'bl"ue'}, model="modèle")
    assert book.open(opened, [window(5)])
    assert book.close(ORG, opened.id, ok(input_tokens=7, output_tokens=2, cost_nanos=10**15 + 1))
    [event] = usage(redis_client)
    assert event["id"] == opened.id
    assert event["data"]["ticket"]["tags"] == {"team": 'bl"ue'}
    assert event["data"]["ticket"]["model"] == "modèle"
    assert event["data"]["outcome"]["cost_nanos"] == 10**15 + 1
    assert not redis_client.exists(f"ticket:{TAG}:{opened.id}", f"tickets:{TAG}")
    assert counted(redis_client, window(5)) == (1, 0)


def test_only_the_first_close_counts(book: TicketBook, redis_client: Redis) -> None:
    opened = ticket()
    book.open(opened, [window(5)])
    assert [book.close(ORG, opened.id, ok()) for _ in range(3)] == [True, False, False]
    assert len(usage(redis_client)) == 1


def test_opening_the_same_ticket_again_reserves_nothing_more(
    book: TicketBook, redis_client: Redis
) -> None:
    opened = ticket()
    for _ in range(3):
        assert not isinstance(book.open(opened, [window(1), at_once(1)]), Refusal)
    assert counted(redis_client, window(1)) == (1, 0)
    assert counted(redis_client, at_once(1)) == (0, 1)


def test_a_refused_request_reserves_on_no_limit(book: TicketBook, redis_client: Redis) -> None:
    book.open(ticket(), [at_once(1)])
    limits = [window(10), per_minute(10), at_once(1)]
    refusal = book.open(ticket(), limits)
    assert isinstance(refusal, Refusal)
    assert refusal.reservation is limits[2]
    assert refusal.remaining == 0
    assert not redis_client.exists(window(10).counter, per_minute(10).counter)


def test_callers_at_the_same_time_get_exactly_what_the_limit_holds(redis_client: Redis) -> None:
    answers: list[bool] = []

    def call() -> None:
        book = TicketBook(redis_client, "test")
        opened = ticket()
        refused = isinstance(book.open(opened, [window(20), per_minute(1000)]), Refusal)
        if not refused:
            book.close(ORG, opened.id, ok())
        answers.append(not refused)

    threads = [threading.Thread(target=call) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(answers) == 20


def test_what_was_not_used_is_given_back(book: TicketBook, redis_client: Redis) -> None:
    def tokens(amount: int) -> Reservation:
        return window(100, amount, metric="tokens")

    opened = ticket()
    book.open(opened, [tokens(90)])
    assert isinstance(book.open(ticket(), [tokens(20)]), Refusal)
    book.close(ORG, opened.id, ok(input_tokens=10, output_tokens=5))
    states = book.open(ticket(), [tokens(85)])
    assert not isinstance(states, Refusal)
    assert states[0].remaining == 0


def test_more_than_reserved_is_booked_in_full_and_refuses_the_next(book: TicketBook) -> None:
    opened = ticket()
    book.open(opened, [window(100, 10, metric="tokens")])
    book.close(ORG, opened.id, ok(input_tokens=10, output_tokens=500))
    refusal = book.open(ticket(), [window(100, 1, metric="tokens")])
    assert isinstance(refusal, Refusal)
    assert refusal.remaining == -410


def test_a_bucket_says_how_long_to_wait(book: TicketBook) -> None:
    for _ in range(3):
        assert not isinstance(book.open(ticket(), [per_minute(3)]), Refusal)
    refusal = book.open(ticket(), [per_minute(3)])
    assert isinstance(refusal, Refusal)
    assert refusal.reset_ms is not None
    assert 19_000 < refusal.reset_ms <= 20_000


def test_a_bucket_gets_back_what_was_not_used(book: TicketBook) -> None:
    opened = ticket()
    book.open(opened, [per_minute(100, 100, metric="tokens")])
    book.close(ORG, opened.id, ok(input_tokens=1))
    assert not isinstance(book.open(ticket(), [per_minute(100, 99, metric="tokens")]), Refusal)


NOTHING = [window(0), window(0, expires_at_ms=0), per_minute(0), at_once(0)]
TOO_SMALL = [
    window(10, 11, metric="tokens"), window(10, 11, metric="cost_usd", expires_at_ms=0),
    per_minute(10, 11, metric="tokens"),
]  # fmt: skip


@pytest.mark.parametrize("limit", [*NOTHING, *TOO_SMALL])
def test_what_is_more_than_the_whole_limit_never_fits(book: TicketBook, limit: Reservation) -> None:
    refusal = book.open(ticket(), [limit])
    assert isinstance(refusal, Refusal)
    assert (refusal.never_fits, refusal.reset_ms) == (True, None)


@pytest.mark.parametrize(
    "limit", [window(1), window(1, expires_at_ms=0), per_minute(1), at_once(1)]
)
def test_what_is_used_up_fits_when_it_is_whole_again(book: TicketBook, limit: Reservation) -> None:
    book.open(ticket(), [limit])
    refusal = book.open(ticket(), [limit])
    assert isinstance(refusal, Refusal)
    assert not refusal.never_fits


def test_a_debt_on_a_limit_that_refills_by_nothing_is_never_paid(book: TicketBook) -> None:
    opened = ticket()
    book.open(opened, [per_minute(100, 1, metric="tokens")])
    book.close(ORG, opened.id, ok(input_tokens=50))
    refusal = book.open(ticket(), [per_minute(0, 0, metric="tokens")])
    assert isinstance(refusal, Refusal)
    assert (refusal.never_fits, refusal.remaining) == (True, -50)


def test_of_several_that_refuse_the_one_that_never_fits_is_named(book: TicketBook) -> None:
    spent = window(1, expires_at_ms=0)
    book.open(ticket(), [spent])
    for never in (at_once(0), per_minute(10, 11, metric="tokens")):
        for limits in ([spent, never], [never, spent]):
            refusal = book.open(ticket(), limits)
            assert isinstance(refusal, Refusal)
            assert refusal.reservation is never


def test_a_total_that_is_used_up_is_named_before_a_window_that_ends(book: TicketBook) -> None:
    spent = window(1, limit="lim_t", counter=f"limit:{TAG}:lim_t:test:total", expires_at_ms=0)
    limits = [window(1), spent, per_minute(1), at_once(1)]
    book.open(ticket(), limits)
    for order in (limits, limits[::-1]):
        refusal = book.open(ticket(), order)
        assert isinstance(refusal, Refusal)
        assert refusal.reservation is spent


def test_a_warning_limit_counts_and_never_refuses(book: TicketBook, redis_client: Redis) -> None:
    for _ in range(3):
        book.open(ticket(), [window(1, enforce=False)])
    assert counted(redis_client, window(1)) == (3, 0)


def test_concurrency_is_free_again_after_the_close(book: TicketBook, redis_client: Redis) -> None:
    opened = ticket()
    book.open(opened, [at_once(1)])
    assert isinstance(book.open(ticket(), [at_once(1)]), Refusal)
    book.close(ORG, opened.id, ok())
    assert not isinstance(book.open(ticket(), [at_once(1)]), Refusal)
    assert counted(redis_client, at_once(1)) == (0, 1)


def test_a_lost_ticket_is_booked_at_what_it_reserved(book: TicketBook, redis_client: Redis) -> None:
    opened = ticket()
    held = window(10**12, 5 * 10**9, metric="cost_usd")
    bound = Bound(tokens=300, cost_nanos=held.amount)
    book.open(opened, [held], bound)
    lost = Outcome(status="lost", estimated=True, cost_nanos=held.amount)
    assert not book.lose(ORG, opened.id, lost, if_expired=True)
    assert book.expired(TAG) == []
    redis_client.zadd(f"tickets:{TAG}", {opened.id: 1})
    assert book.expired(TAG) == [opened.id]
    assert book.read(TAG, opened.id) == (opened, Hold(bound, [held]))
    assert book.lose(ORG, opened.id, lost, [held.counter], if_expired=True)
    assert counted(redis_client, held) == (5_000_000_000, 0)
    assert not book.close(ORG, opened.id, ok())


def test_a_renewed_lease_ends_later(book: TicketBook, redis_client: Redis) -> None:
    opened = ticket()
    book.open(opened, [])
    redis_client.zadd(f"tickets:{TAG}", {opened.id: 1})
    book.renew([(ORG, opened.id)])
    assert book.expired(TAG) == []
    book.close(ORG, opened.id, ok())
    book.renew([(ORG, opened.id)])
    assert not redis_client.exists(f"tickets:{TAG}")


def test_every_bucket_has_a_stream() -> None:
    buckets = {bucket(f"org_{number}") for number in range(1000)}
    assert {f"usage:{tag}" for tag in buckets} == set(usage_streams())


def test_the_event_is_the_json_it_says_it_is(book: TicketBook, redis_client: Redis) -> None:
    opened = ticket()
    book.open(opened, [])
    book.close(ORG, opened.id, ok(price={"input_usd_per_mtok": "0.15"}))
    entries: Any = redis_client.xrange(f"usage:{TAG}")
    event = json.loads(entries[0][1][b"event"])
    assert event["type"] == "usage.recorded"
    assert event["datacontenttype"] == "application/json"
    assert event["data"]["outcome"]["price"] == {"input_usd_per_mtok": "0.15"}


def test_a_ticket_that_reserves_nothing_of_a_limit_is_closed(
    book: TicketBook, redis_client: Redis
) -> None:
    """What costs nothing, as a moderation, reserves no tokens."""
    opened = ticket()
    book.open(opened, [window(5, 0, metric="tokens")])
    assert book.close(ORG, opened.id, ok())
    assert len(usage(redis_client)) == 1
