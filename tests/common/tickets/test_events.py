"""What limits tell of themselves: once a window, however many callers there are."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from redis import Redis

from tollgate_common.events.cloudevents import read_event, timestamp
from tollgate_common.ids import new_uuid
from tollgate_common.principal import Limit, Subject
from tollgate_common.tickets import (
    Attribution,
    Outcome,
    Refusal,
    Reservation,
    TicketBook,
    bucket,
    limit_streams,
)
from tollgate_common.tickets.limits import reservation

ORG = "org_events"
STILL = f"local function now_ms() return {int(time.time() * 1000)} end".encode()
"""A clock: nothing drains, and no hour turns."""
STREAM = f"limits:{bucket(ORG)}"


def held(metric: str, window: str, most: str, amount: int, mode: str = "enforce") -> Reservation:
    limit = Limit("lim_1", Subject("key", 'key_"1"'), metric, window, most, mode=mode)
    return reservation(ORG, "live", limit, amount)


def call(redis: Redis, limit: Reservation, tokens: int = 0, cost: int = 0) -> bool:
    """Opened and closed; whether it was accepted."""
    book = TicketBook(redis, "gateway", STILL)
    ticket = Attribution(
        id=new_uuid(), request_id="req", org=ORG, mode="live", endpoint="/v1/responses",
        dialect="openai", model="m", stream=False, opened_at=timestamp(),
    )  # fmt: skip
    if isinstance(book.open(ticket, [limit]), Refusal):
        return False
    return book.close(ORG, ticket.id, Outcome(status="ok", input_tokens=tokens, cost_nanos=cost))


def told(redis: Redis) -> list[dict[str, Any]]:
    """Every event, checked against its schema."""
    entries: Any = redis.xrange(STREAM)
    return [read_event(fields[b"event"]) for _, fields in entries]


def test_the_stream_is_one_of_those_that_are_listed() -> None:
    assert STREAM in limit_streams()


@pytest.mark.parametrize("window", ["minute", "hour", "day", "month", "total"])
def test_callers_at_once_cross_each_threshold_once(redis_client: Redis, window: str) -> None:
    limit = held("requests", window, "40", 1)
    with ThreadPoolExecutor(16) as threads:
        passed = sum(threads.map(lambda _: call(redis_client, limit), range(80)))
    assert passed == 40
    counted = Counter((e["type"], e["data"].get("threshold")) for e in told(redis_client))
    assert counted == {
        ("limit.threshold", 50): 1, ("limit.threshold", 80): 1, ("limit.threshold", 95): 1,
        ("limit.threshold", 100): 1, ("limit.exceeded", None): 1,
    }  # fmt: skip


def test_what_is_used_counts_and_not_what_is_reserved(redis_client: Redis) -> None:
    limit = held("cost_usd", "month", "1.00", 999_999_999)
    assert call(redis_client, limit, cost=1)
    assert told(redis_client) == []
    assert call(redis_client, held("cost_usd", "month", "1.00", 1), cost=800_000_000)
    assert [event["data"]["threshold"] for event in told(redis_client)] == [50, 80]


def test_an_event_says_whose_limit_it_is(redis_client: Redis) -> None:
    assert call(redis_client, held("tokens", "day", "10", 5), tokens=5)
    [event] = told(redis_client)
    assert event["data"] == {
        "limit": "lim_1", "org": ORG, "mode": "live", "metric": "tokens", "window": "day",
        "subject": {"kind": "key", "id": 'key_"1"'}, "enforce": True, "threshold": 50,
        "max": 10, "used": 5,
    }  # fmt: skip
    assert event["source"] == "tollgate/gateway"


def test_a_limit_that_only_warns_tells_that_it_is_exceeded(redis_client: Redis) -> None:
    limit = held("tokens", "day", "10", 50, "warn")
    assert call(redis_client, limit, tokens=50)
    assert call(redis_client, limit, tokens=50)
    kinds = Counter(event["type"] for event in told(redis_client))
    assert kinds == {"limit.exceeded": 1, "limit.threshold": 4}
    assert not any(event["data"]["enforce"] for event in told(redis_client))


def test_calls_that_run_are_what_concurrency_tells_of(redis_client: Redis) -> None:
    for _ in range(3):
        assert call(redis_client, held("concurrency", "total", "1", 1))
    assert [event["data"]["threshold"] for event in told(redis_client)] == [50, 80, 95, 100]
