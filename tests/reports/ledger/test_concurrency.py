"""Several consumers at once: no row twice, none lost, no deadlock, one partition."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from tollgate_common.events.streams import Entry
from tollgate_reports.ledger.service import Ledger

Record = Callable[..., str]
Rows = Callable[..., list[dict[str, Any]]]


def test_consumers_that_get_the_same_events_in_other_orders_book_each_once(
    record: Record, waiting: Callable[[], list[Entry]], engine: Engine, rows: Rows
) -> None:
    start = datetime(2033, 5, 31, 23, 0, tzinfo=UTC)
    for number in range(120):
        record(start + timedelta(minutes=number), model=f"m{number % 3}", project=None)
    entries = waiting()
    orders = [entries, entries[::-1], entries[60:] + entries[:60], entries[::2] + entries[1::2]]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(Ledger(engine).take, orders))
    assert rows("SELECT count(*)::int AS n FROM ledger") == [{"n": 120}]
    assert rows("SELECT sum(requests)::int AS n FROM rollups") == [{"n": 120}]
    assert rows("SELECT count(*)::int AS n FROM rollups") == [{"n": 24}]


def test_consumers_that_park_the_same_events_in_other_orders_park_each_once(
    record: Record, waiting: Callable[[], list[Entry]], engine: Engine, rows: Rows
) -> None:
    record()
    poison = [Entry("usage:{b00}", f"{number}-0", b"{}") for number in range(300)]
    entries = [*waiting(), *poison]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(Ledger(engine).take, [entries, entries[::-1], entries, entries[::-1]]))
    assert rows("SELECT count(*)::int AS n FROM parked_events") == [{"n": 300}]
    assert rows("SELECT sum(requests)::int AS n FROM rollups") == [{"n": 1}]
