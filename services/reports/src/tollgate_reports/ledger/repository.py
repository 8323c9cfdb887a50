"""Writing the ledger, its rollups and parked events. Every function works in the caller's
transaction."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

import psycopg
from sqlalchemy import Connection, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError

from tollgate_reports.ledger.errors import BatchTooSlow, NotInLedger
from tollgate_reports.ledger.models import (
    COUNTS,
    DIMENSIONS,
    MARKED_REQUESTS,
    TOKENS,
    ledger,
    parked_events,
)
from tollgate_reports.ledger.schemas import COLUMNS
from tollgate_reports.ledger.sketch import BOUNDS_MS, SLOTS

# A program limit is, for one, a text that is too long for an index.
REFUSED = (psycopg.DataError, psycopg.IntegrityError, psycopg.errors.ProgramLimitExceeded)


class Booked(NamedTuple):
    """How many rows were written, and how many of them are marked."""

    rows: int = 0
    unpriced: int = 0
    capped: int = 0
    estimated: int = 0


class Parked(NamedTuple):
    """An event that cannot be booked, as it came."""

    stream: str
    entry_id: str
    event: bytes
    reason: str


def _list(names: Collection[str], prefix: str = "") -> str:
    return ", ".join(f'{prefix}"{name}"' for name in names)


_KEY = ("org", "bucket", *DIMENSIONS)
_COUNT_OF = {
    "requests": "count(*)",
    **{name: f"count(*) FILTER (WHERE {mark})" for name, mark in MARKED_REQUESTS.items()},
}
_SUMS = ", ".join(_COUNT_OF.get(name, f"sum({name})") for name in COUNTS)
_COUNTED = dict.fromkeys(
    ("org", *DIMENSIONS, "opened_at", "latency_ms", "cost", *TOKENS, *MARKED_REQUESTS.values())
)
_LATENCIES = ", ".join(f"count(*) FILTER (WHERE slot = {slot})" for slot in range(SLOTS))
_ADDED = ", ".join(f"{name} = total.{name} + excluded.{name}" for name in (*COUNTS, "cost"))

# A temporary table for the length of the session: one that is dropped at each commit costs more
# than the rows of a small batch, and litters the catalogue. A consumer that freezes in the middle
# must not hold up the others for longer than it takes to notice.
_BEGIN = text("""
SET LOCAL lock_timeout = '10s';
SET LOCAL idle_in_transaction_session_timeout = '30s';
CREATE TEMP TABLE IF NOT EXISTS incoming (LIKE ledger) ON COMMIT DELETE ROWS
""")

ID_CHARACTERS = 36
_COPY = f"COPY incoming ({_list(COLUMNS)}) FROM STDIN"

# Both inserts go in the order of their keys, so that two consumers wait for each other and never
# in a circle: rows are copied in the order of their ids, which they begin with, and of two with the
# same id the first that came holds. The rollups get exactly what the ledger did not have.
_BOOK = text(f"""
WITH booked AS (
    INSERT INTO ledger ({_list(COLUMNS)})
    SELECT {_list(COLUMNS)} FROM incoming
    ON CONFLICT (id) DO NOTHING
    RETURNING {_list(_COUNTED)}
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
SELECT count(*), count(*) FILTER (WHERE unpriced), count(*) FILTER (WHERE capped),
       count(*) FILTER (WHERE estimated)
FROM booked
""")  # noqa: S608 - made of our own column names


def book(connection: Connection, lines: Sequence[bytes]) -> Booked:
    """Write the rows that are not there yet, and count them into the rollups; how many these
    were. `NotInLedger` when the database refuses one of them for what it holds, `BatchTooSlow`
    when they are too many: nothing is written then, and the transaction is over."""
    if not lines:
        return Booked()
    try:
        connection.execute(_BEGIN)
        _copy(connection, lines)
        return Booked(*connection.execute(_BOOK).one())
    except (DBAPIError, psycopg.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(cause, REFUSED):
            raise NotInLedger(_reason(cause)) from error
        if isinstance(cause, psycopg.errors.QueryCanceled):
            raise BatchTooSlow from error
        raise


def _copy(connection: Connection, lines: Sequence[bytes]) -> None:
    ordered = sorted(lines, key=_id_of)
    raw = connection.connection.driver_connection
    assert isinstance(raw, psycopg.Connection)
    with raw.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.write(b"".join(ordered))


def _id_of(line: bytes) -> bytes:
    return line[:ID_CHARACTERS]


def _reason(cause: BaseException) -> str:
    found = cause.diag.message_primary if isinstance(cause, psycopg.Error) else None
    return (found or str(cause))[:500]


def park(connection: Connection, events: Sequence[Parked]) -> None:
    """Put events aside with the reason; an entry that is there already stays as it is. In the
    order of their keys, as all that several consumers may write at once."""
    if events:
        rows = [{**event._asdict(), "reason": event.reason.replace("\0", "")} for event in events]
        rows.sort(key=lambda row: (row["stream"], row["entry_id"]))
        connection.execute(insert(parked_events).on_conflict_do_nothing(), rows)


def newest_opened_at(connection: Connection, org: str) -> datetime | None:
    """When the organisation's newest request in the books was opened."""
    newest = select(ledger.c.opened_at).where(ledger.c.org == org)
    return connection.scalar(newest.order_by(ledger.c.opened_at.desc()).limit(1))
