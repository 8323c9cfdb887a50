"""Writing the ledger, its rollups and parked events. Every function works in the caller's
transaction."""

from collections.abc import Collection, Sequence
from datetime import MAXYEAR, datetime
from typing import NamedTuple

import psycopg
from sqlalchemy import Connection, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DataError, IntegrityError

from tollgate_reports.ledger.errors import NotInLedger
from tollgate_reports.ledger.models import COUNTS, DIMENSIONS, ledger, parked_events
from tollgate_reports.ledger.schemas import Row, first_uuid
from tollgate_reports.ledger.sketch import BOUNDS_MS, SLOTS

PARTITIONS_LOCK = 7_226_001
REFUSED = (DataError, IntegrityError, psycopg.DataError, psycopg.IntegrityError)


class Parked(NamedTuple):
    """An event that cannot be booked, as it came."""

    stream: str
    entry_id: str
    event: bytes
    reason: str


def _list(names: Collection[str], prefix: str = "") -> str:
    return ", ".join(f'{prefix}"{name}"' for name in names)


_COLUMNS = tuple(column.name for column in ledger.columns)
_KEY = ("org", "bucket", *DIMENSIONS)
_COUNT_OF = {
    "requests": "count(*)",
    "estimated_requests": "count(*) FILTER (WHERE estimated)",
}
_SUMS = ", ".join(_COUNT_OF.get(name, f"sum({name})") for name in COUNTS)
_LATENCIES = ", ".join(f"count(*) FILTER (WHERE slot = {slot})" for slot in range(SLOTS))
_ADDED = ", ".join(f"{name} = total.{name} + excluded.{name}" for name in (*COUNTS, "cost"))

# A temporary table for the length of the session: one that is dropped at each commit costs more
# than the rows of a small batch, and litters the catalogue.
_INCOMING = "CREATE TEMP TABLE IF NOT EXISTS incoming (LIKE ledger) ON COMMIT DELETE ROWS"

_COPY = f"COPY incoming ({_list(_COLUMNS)}) FROM STDIN"

# Both inserts go in the order of their keys, so that two consumers wait for each other and never
# in a circle. The rollups get exactly what the ledger did not have.
_BOOK = text(f"""
WITH booked AS (
    INSERT INTO ledger ({_list(_COLUMNS)})
    SELECT DISTINCT ON (id) {_list(_COLUMNS)} FROM incoming ORDER BY id
    ON CONFLICT (id) DO NOTHING
    RETURNING *
), bucketed AS (
    SELECT *, date_bin('15 minutes', opened_at, '2000-01-01Z') AS bucket,
           width_bucket(latency_ms, '{{{",".join(map(str, BOUNDS_MS))}}}'::bigint[]) AS slot
    FROM booked
), rolled AS (
    INSERT INTO rollups AS total ({_list(_KEY)}, {_list(COUNTS)}, cost, latencies)
    SELECT {_list(_KEY)}, {_SUMS}, sum(cost), ARRAY[{_LATENCIES}]
    FROM bucketed GROUP BY {_list(_KEY)} ORDER BY {_list(_KEY)}
    ON CONFLICT ({_list(_KEY)}) DO UPDATE SET {_ADDED}, latencies = (
        SELECT array_agg(a + b ORDER BY slot)
        FROM unnest(total.latencies, excluded.latencies) WITH ORDINALITY AS both_of(a, b, slot)
    )
)
SELECT count(*) FROM booked
""")  # noqa: S608 - made of our own column names


def book(connection: Connection, rows: Sequence[Row]) -> int:
    """Write the rows that are not there yet, and count them into the rollups; how many these
    were. `NotInLedger` when the database refuses one of them for what it holds: nothing is
    written then, and the transaction is over."""
    if not rows:
        return 0
    try:
        connection.execute(text(_INCOMING))
        _copy(connection, rows)
        return int(connection.execute(_BOOK).scalar_one())
    except REFUSED as error:
        raise NotInLedger(_reason(error)) from error


def _copy(connection: Connection, rows: Sequence[Row]) -> None:
    raw = connection.connection.driver_connection
    assert isinstance(raw, psycopg.Connection)
    with raw.cursor() as cursor, cursor.copy(_COPY) as copy:
        for row in rows:
            copy.write_row([row[name] for name in _COLUMNS])


def _reason(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    found = cause.diag.message_primary if isinstance(cause, psycopg.Error) else None
    return (found or str(cause))[:500]


def park(connection: Connection, events: Sequence[Parked]) -> None:
    """Put events aside with the reason; an entry that is there already stays as it is."""
    if events:
        rows = [{**event._asdict(), "reason": event.reason.replace("\0", "")} for event in events]
        connection.execute(insert(parked_events).on_conflict_do_nothing(), rows)


def missing_partitions(connection: Connection, months: Collection[datetime]) -> list[datetime]:
    """Those of the months that have no partition yet. The catalogue's table is asked, not
    `to_regclass`, which may remember for a while that there was none."""
    names = {partition_name(month): month for month in months}
    found = connection.execute(
        text(
            "SELECT relname FROM pg_class WHERE relname = ANY(:names) "
            "AND relnamespace = current_schema()::regnamespace"
        ),
        {"names": list(names)},
    )
    return sorted(names[name] for name in names.keys() - set(found.scalars()))


def make_partition(connection: Connection, month: datetime) -> None:
    """Make the month's partition unless it is there. Attaching one that was made beside the
    table lets readers and writers go on; one maker works at a time."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": PARTITIONS_LOCK})
    if not missing_partitions(connection, [month]):
        return
    name = partition_name(month)
    bounds = f"FROM ('{first_uuid(month)}') TO ('{first_uuid(next_month(month))}')"
    connection.execute(text(f"CREATE TABLE {name} (LIKE ledger INCLUDING ALL)"))
    connection.execute(text(f"ALTER TABLE ledger ATTACH PARTITION {name} FOR VALUES {bounds}"))


def partition_name(month: datetime) -> str:
    return f"ledger_{month:%Y_%m}"


def next_month(month: datetime) -> datetime:
    """The first of the month after; of the last month that can be written, its end."""
    if (month.year, month.month) == (MAXYEAR, 12):
        return month.replace(day=31, hour=23, minute=59, second=59)
    return month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)


def newest_opened_at(connection: Connection, org: str) -> datetime | None:
    """When the organisation's newest request in the books was opened."""
    newest = select(ledger.c.opened_at).where(ledger.c.org == org)
    return connection.scalar(newest.order_by(ledger.c.opened_at.desc()).limit(1))
