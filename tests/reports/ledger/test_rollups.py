"""The rollups are the ledger, summed up."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis
from sqlalchemy import Engine, text

from tollgate_common.events.streams import Entry
from tollgate_common.tickets import usage_streams
from tollgate_reports.ledger.service import Ledger
from tollgate_reports.ledger.sketch import BOUNDS_MS, SLOTS, quantile_ms

START = datetime(2026, 11, 1, tzinfo=UTC)

EXPECTED = """
SELECT date_bin('15 minutes', opened_at, '2000-01-01Z') AS bucket, org, project, key, "user",
       model, provider, status, mode, count(*) AS requests, sum(input_tokens)::bigint,
       sum(output_tokens)::bigint, sum(cached_input_tokens)::bigint,
       sum(cache_write_tokens)::bigint, sum(reasoning_tokens)::bigint,
       count(*) FILTER (WHERE estimated), count(*) FILTER (WHERE unpriced),
       count(*) FILTER (WHERE capped), sum(latency_ms)::bigint,
       sum(cost)
FROM ledger GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
"""
FOUND = """
SELECT bucket, org, project, key, "user", model, provider, status, mode, requests, input_tokens,
       output_tokens, cached_input_tokens, cache_write_tokens, reasoning_tokens,
       estimated_requests, unpriced_requests, capped_requests, latency_ms, cost
FROM rollups
"""

tokens = st.integers(0, 2**40)
some_or_none = st.sampled_from([None, "a", "b", ""])
events = st.fixed_dictionaries(
    {
        "minute": st.integers(0, 60 * 24 * 40),
        "ticket": st.fixed_dictionaries(
            {
                "org": st.sampled_from(["org_1", "org_2"]),
                "project": some_or_none,
                "key": some_or_none,
                "user": some_or_none,
                "model": st.sampled_from(["gpt-4o", "claude", "=1+1", "ü"]),
                "mode": st.sampled_from(["live", "test"]),
            }
        ),
        "outcome": st.fixed_dictionaries(
            {
                "provider": some_or_none,
                "status": st.sampled_from(["ok", "client_closed", "provider_error", "lost"]),
                "input_tokens": tokens,
                "output_tokens": tokens,
                "cached_input_tokens": tokens,
                "cache_write_tokens": tokens,
                "reasoning_tokens": tokens,
                "unpriced": st.booleans(),
                "capped": st.booleans(),
                "cost_nanos": st.one_of(st.integers(0, 10**20 - 1), st.integers(0, 10)),
                "estimated": st.booleans(),
                "latency_ms": st.one_of(st.integers(0, 2000), st.integers(0, 10**8)),
            }
        ),
    }
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(events, max_size=25), st.integers(1, 9), st.randoms(use_true_random=False))
def test_rollups_are_the_sums_of_the_ledger(
    redis_client: Redis,
    engine: Engine,
    record: Callable[..., str],
    waiting: Callable[[], list[Entry]],
    made: list[dict[str, Any]],
    batch: int,
    chance: random.Random,
) -> None:
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE ledger, rollups, parked_events"))
    redis_client.delete(*usage_streams())
    for event in made:
        record(START + timedelta(minutes=event["minute"]), event["outcome"], **event["ticket"])
    entries = waiting()
    sent = [*entries, *chance.choices(entries, k=len(entries) // 2)] if entries else []
    chance.shuffle(sent)
    for start in range(0, len(sent), batch):
        Ledger(engine).take(sent[start : start + batch])

    with engine.connect() as connection:
        expected = {tuple(row) for row in connection.execute(text(EXPECTED))}
        found = [tuple(row) for row in connection.execute(text(FOUND))]
        sketched = connection.scalar(
            text("SELECT coalesce(sum(n), 0)::int FROM rollups, unnest(latencies) AS n")
        )
        assert connection.scalar(text("SELECT count(*) FROM ledger")) == len(made)
    assert set(found) == expected
    assert len(found) == len(expected)
    assert sketched == len(made)


def test_latencies_fall_between_the_bounds_of_the_sketch(
    booked: Callable[..., str], rows: Callable[..., list[dict[str, Any]]]
) -> None:
    at = datetime(2026, 11, 5, 12, 1, tzinfo=UTC)
    for latency in (0, 1, 120, 120, 10**8):
        booked(at, {"latency_ms": latency})
    (row,) = rows("SELECT latencies FROM rollups")
    counts = row["latencies"]
    assert len(counts) == SLOTS
    assert (counts[0], counts[1], counts[-1]) == (1, 1, 1)
    assert quantile_ms(counts, 0.5) in range(100, 145)
    assert quantile_ms(counts, 1.0) == BOUNDS_MS[-1]
    assert quantile_ms([0] * SLOTS, 0.5) is None
