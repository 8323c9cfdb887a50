"""What a ticket costs Redis: opening and closing with eight limits, and the memory that it takes.

    python -m tests.bench.bench_tickets

The time is what Redis itself says that its scripts took (`INFO commandstats`, reset before each
phase). As many API keys have counters as the table says; tickets go to any of them.
"""

import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import redis as client
from redis import Redis

from tollgate_common.embedded.redis import temporary
from tollgate_common.events.cloudevents import timestamp
from tollgate_common.ids import new_uuid
from tollgate_common.principal import Limit, Subject
from tollgate_common.tickets import (
    Attribution,
    Bound,
    Hold,
    Outcome,
    Refusal,
    Reservation,
    ReservedLine,
    TicketBook,
    bucket,
)
from tollgate_common.tickets.limits import reservation

KEYS = (10, 1_000, 100_000)
TIMES = 5_000
ORG = "org_bench"
GOAL_MICROSECONDS = 120
BOUND = Bound(
    2200,
    900_000,
    (ReservedLine("input", 1900, "0.00000025"), ReservedLine("output", 300, "0.000002")),
)
SHARED = (
    ("org", "cost_usd", "month"), ("org", "tokens", "minute"), ("project", "cost_usd", "day"),
    ("user", "requests", "minute"),
)  # fmt: skip
OWN = (
    ("requests", "minute"), ("tokens", "minute"), ("cost_usd", "total"), ("concurrency", "total"),
)  # fmt: skip


class Cost(NamedTuple):
    """Microseconds of Redis's time: no limits, and eight."""

    bare_open: float
    bare_close: float
    open: float
    close: float


def limits_of(key: int) -> list[Reservation]:
    """Eight: four shared by all, four of the key's own."""
    shared = [
        Limit(f"lim_{kind}_{metric}_{window}", Subject(kind, f"{kind}_1"), metric, window, "900000")
        for kind, metric, window in SHARED
    ]
    own = [
        Limit(f"lim_{key:08d}_{metric}", Subject("key", f"key_{key}"), metric, window, "900000")
        for metric, window in OWN
    ]
    return [reservation(ORG, "live", limit, 1) for limit in (*shared, *own)]


def attribution() -> Attribution:
    return Attribution(
        id=new_uuid(), request_id=f"req_{new_uuid()}", org=ORG, mode="live", stream=True,
        endpoint="/v1/chat/completions", dialect="openai", model="gpt-5-mini", key="key_1",
        project="project_1", opened_at=timestamp(),
    )  # fmt: skip


def outcome() -> Outcome:
    return Outcome(
        status="ok", provider="openai", provider_model="gpt-5-mini", http_status=200,
        input_tokens=1200, output_tokens=300, cost_nanos=900_000, attempts=1, latency_ms=900,
    )  # fmt: skip


def measured(redis: Redis, limits: Sequence[Sequence[Reservation]]) -> tuple[float, float]:
    """Opening and closing a ticket under each of these."""
    book = TicketBook(redis, "bench")
    tickets = [attribution() for _ in limits]
    with timed(redis) as opening:
        for ticket, held in zip(tickets, limits, strict=True):
            assert not isinstance(book.open(ticket, held, BOUND), Refusal)
    with timed(redis) as closing:
        for ticket, held in zip(tickets, limits, strict=True):
            assert book.close(ORG, ticket.id, outcome(), Hold(BOUND, held).counters())
    return opening[0], closing[0]


@contextmanager
def timed(redis: Redis) -> Iterator[list[float]]:
    """Microseconds a script, of those that run in the block."""
    found: list[float] = []
    redis.config_resetstat()
    yield found
    statistics: Any = redis.info("commandstats")
    found.append(float(statistics["cmdstat_evalsha"]["usec_per_call"]))


def measure(redis: Redis, keys: int) -> Cost:
    chosen = [random.randrange(keys) for _ in range(TIMES)]
    fill(redis, keys)
    bare_open, bare_close = measured(redis, [[]] * TIMES)
    opening, closing = measured(redis, [limits_of(key) for key in chosen])
    return Cost(bare_open, bare_close, opening, closing)


def fill(redis: Redis, keys: int) -> None:
    """Counters as the script leaves them, for every key: copied, which is quicker."""
    redis.flushdb()
    measured(redis, [limits_of(0)] * 10)
    pipeline = redis.pipeline(transaction=False)
    first = limits_of(0)[len(SHARED) :]
    kept = [redis.dump(held.counter) for held in first]
    for key in range(1, keys):
        for held, value in zip(first, kept, strict=True):
            name = held.counter.replace(f"{0:08d}", f"{key:08d}")
            pipeline.restore(name, 3_600_000, value or b"", replace=True)
        if key % 1000 == 0:
            pipeline.execute()
    pipeline.execute()


def memory(redis: Redis) -> tuple[float, float, float]:
    """Bytes of a counter, of an open ticket without limits, and of one with eight."""
    redis.flushdb()
    book = TicketBook(redis, "bench")
    tag, held = bucket(ORG), limits_of(0)
    bare, full = attribution(), attribution()
    book.open(bare, [], BOUND)
    book.open(full, held, BOUND)
    counters = [_bytes(redis, limit.counter) for limit in held]
    lease = _bytes(redis, f"tickets:{tag}") / 2
    return (
        sum(counters) / len(counters),
        _bytes(redis, f"ticket:{tag}:{bare.id}") + lease,
        _bytes(redis, f"ticket:{tag}:{full.id}") + lease,
    )


def _bytes(redis: Redis, key: str) -> int:
    return int(redis.memory_usage(key, samples=0) or 0)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    with temporary() as url, client.Redis.from_url(url) as redis:
        say("| keys | open | close | open, 8 limits | close, 8 limits |\n|---|---|---|---|---|")
        for keys in KEYS:
            cost = measure(redis, keys)
            say(f"| {keys:,} | " + " | ".join(f"{each:.0f} µs" for each in cost) + " |")
            assert max(cost.open, cost.close) < GOAL_MICROSECONDS, f"over {GOAL_MICROSECONDS} µs"
        counter, bare, full = memory(redis)
    say(f"\nBytes: a counter {counter:.0f}, an open ticket {bare:.0f}, with 8 limits {full:.0f}.")


if __name__ == "__main__":
    main()
