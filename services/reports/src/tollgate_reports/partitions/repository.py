"""The ledger's partitions, one a month. Every function works in the caller's transaction."""

from collections.abc import Collection
from datetime import MAXYEAR, datetime

from sqlalchemy import Connection, select, text

from tollgate_reports.ledger.models import ledger_archives
from tollgate_reports.ledger.schemas import first_uuid

PARTITIONS_LOCK = 7_226_001


def missing(connection: Connection, months: Collection[datetime]) -> list[datetime]:
    """Those of the months that have no partition. The catalogue's table is asked, not
    `to_regclass`, which may remember for a while that there was none."""
    names = {name_of(month): month for month in months}
    found = connection.execute(
        text(
            "SELECT relname FROM pg_class WHERE relname = ANY(:names) "
            "AND relnamespace = current_schema()::regnamespace"
        ),
        {"names": list(names)},
    )
    return sorted(names[name] for name in names.keys() - set(found.scalars()))


def make(connection: Connection, month: datetime) -> bool:
    """Make the month's partition unless it is there; False for a month that is archived, which
    gets no other. Attaching one that was made beside the table lets readers and writers go on;
    one maker works at a time."""
    lock(connection)
    if not missing(connection, [month]):
        return True
    if connection.scalar(select(ledger_archives.c.month).filter_by(month=month)):
        return False
    name = name_of(month)
    bounds = f"FROM ('{first_uuid(month)}') TO ('{first_uuid(next_month(month))}')"
    connection.execute(text(f"CREATE TABLE {name} (LIKE ledger INCLUDING ALL)"))
    connection.execute(text(f"ALTER TABLE ledger ATTACH PARTITION {name} FOR VALUES {bounds}"))
    return True


def lock(connection: Connection) -> None:
    """Until the transaction ends, nobody else makes or drops a partition."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": PARTITIONS_LOCK})


def name_of(month: datetime) -> str:
    return f"ledger_{month:%Y_%m}"


def next_month(month: datetime) -> datetime:
    """The first of the month after; of the last month that can be written, its end."""
    if (month.year, month.month) == (MAXYEAR, 12):
        return month.replace(day=31, hour=23, minute=59, second=59)
    return month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)
