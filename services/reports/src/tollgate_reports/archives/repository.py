"""Reading a month to put it into a file, and dropping it. Every function works in the caller's
transaction."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from psycopg.errors import DeadlockDetected, LockNotAvailable
from sqlalchemy import Connection, MetaData, Table, Text, cast, func, insert, select, text
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.exc import OperationalError

from tollgate_reports.ledger.models import ledger, ledger_archives
from tollgate_reports.partitions import repository as partitions

ARCHIVE_LOCK = 7_226_002
BATCH = 10_000


class Figures(NamedTuple):
    """By which a month and its file are compared."""

    rows: int
    cost: Decimal
    input_tokens: int
    output_tokens: int


def alone(connection: Connection) -> bool:
    """Whether nobody else archives until the transaction of this connection ends."""
    query = text("SELECT pg_try_advisory_xact_lock(:key)")
    return bool(connection.scalar(query, {"key": ARCHIVE_LOCK}))


def months_before(connection: Connection, end: datetime) -> list[datetime]:
    """The months that end there or earlier and have a partition, oldest first."""
    names = connection.execute(
        text(
            "SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid "
            "WHERE i.inhparent = 'ledger'::regclass"
        )
    ).scalars()
    months = (datetime.strptime(name, "ledger_%Y_%m").replace(tzinfo=UTC) for name in names)
    return sorted(month for month in months if month < end)


def read(connection: Connection, month: datetime) -> Iterator[Sequence[Any]]:
    """The month's rows in the order of their ids, some at a time: a value for each column of the
    ledger, those that Parquet has no type for as text."""
    table = _partition(month)
    columns = [
        cast(column, Text) if isinstance(column.type, UUID | JSONB) else column
        for column in table.columns
    ]
    query = select(*columns).order_by(table.c.id)
    streamed = connection.execution_options(stream_results=True, yield_per=BATCH).execute(query)
    yield from streamed.partitions()


class Busy(Exception):
    """Others used the ledger all the time that the drop could wait."""


def drop(connection: Connection, month: datetime, file: str, figures: Figures) -> bool:
    """Take the month out of the ledger and note where it is now, unless it holds something else
    than `figures`. Whoever comes late with a row of this month waits for the comparison; whoever
    reads or writes other months, for the last moment only. `Busy` after five seconds of waiting
    for them: nothing is done then."""
    connection.execute(text("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '5s'"))
    name = partitions.name_of(month)
    try:
        partitions.lock(connection)
        connection.execute(text(f"LOCK TABLE {name} IN SHARE MODE"))
        if _figures(connection, month) != figures:
            return False
        connection.execute(text(f"ALTER TABLE ledger DETACH PARTITION {name}"))
    except OperationalError as error:
        if isinstance(error.orig, LockNotAvailable | DeadlockDetected):
            raise Busy from error
        raise
    connection.execute(text(f"DROP TABLE {name}"))
    noted = {"month": month, "file": file, "rows": figures.rows, "cost": figures.cost}
    connection.execute(insert(ledger_archives), noted)
    return True


def _figures(connection: Connection, month: datetime) -> Figures:
    table = _partition(month)
    sums = (func.coalesce(func.sum(table.c[name]), 0) for name in Figures._fields[1:])
    query = select(func.count(table.c.id), *sums)
    rows, cost, input_tokens, output_tokens = connection.execute(query).one()
    return Figures(rows, cost, int(input_tokens), int(output_tokens))


def _partition(month: datetime) -> Table:
    """A partition is a table like the ledger."""
    return ledger.to_metadata(MetaData(), name=partitions.name_of(month))
