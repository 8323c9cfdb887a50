"""Reading single rows of the ledger: those of requests, not their adjustments."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, RowMapping, literal, or_, select, tuple_

from tollgate_common.visibility import Visibility
from tollgate_reports.ledger.models import ledger

BATCH = 1000
ADJUSTMENTS_OWN = ("adjusts", "adjusted_by", "reason")
COLUMNS = tuple(column for column in ledger.c if column.name not in ADJUSTMENTS_OWN)


_corrections = ledger.alias("corrections")
_ADJUSTED = select(_corrections.c.id).where(_corrections.c.adjusts == ledger.c.id).exists()


def find(
    connection: Connection,
    visibility: Visibility,
    identity: str,
    ticket: UUID | None,
) -> RowMapping | None:
    """Return the newest visible row of this id of ours or of this ticket, else the newest whose
    caller has called it so: a caller who sends somebody else's id hides nothing."""
    ours = ledger.c.request_id == identity
    if ticket is not None:
        ours = or_(ours, ledger.c.id == ticket)
    query = (
        select(*COLUMNS)
        .where(*_visible(visibility), ledger.c.adjusts.is_(None))
        .where(or_(ours, ledger.c.client_request_id == identity))
        .order_by(ours.desc(), ledger.c.opened_at.desc(), ledger.c.id.desc())
        .limit(1)
    )
    return connection.execute(query).mappings().first()


def is_shared(connection: Connection, visibility: Visibility, client_request_id: str) -> bool:
    """Return whether several visible requests have this id of their caller's."""
    query = (
        select(ledger.c.id)
        .where(*_visible(visibility), ledger.c.adjusts.is_(None))
        .where(ledger.c.client_request_id == client_request_id)
        .limit(2)
    )
    return len(connection.execute(query).all()) > 1


def list_rows(
    connection: Connection,
    visibility: Visibility,
    conditions: Mapping[str, Any],
    tags: Mapping[str, str],
    period: tuple[datetime, datetime] | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[RowMapping]:
    """The visible rows that have all of `conditions` and `tags`, newest first, from `after`
    on."""
    place = tuple_(ledger.c.opened_at, ledger.c.id)
    query = select(*COLUMNS).where(*_visible(visibility), ledger.c.adjusts.is_(None))
    query = query.where(*_conditions(conditions))
    if tags:
        query = query.where(ledger.c.tags.contains(dict(tags)))
    if period:
        query = query.where(ledger.c.opened_at >= period[0], ledger.c.opened_at < period[1])
    if after:
        query = query.where(place < tuple_(literal(after[0]), literal(after[1])))
    query = query.order_by(ledger.c.opened_at.desc(), ledger.c.id.desc()).limit(limit)
    return list(connection.execute(query).mappings())


def read(
    connection: Connection,
    visibility: Visibility,
    conditions: Mapping[str, Any],
    period: tuple[datetime, datetime],
) -> Generator[Sequence[RowMapping]]:
    """The visible rows of a period that have all of `conditions`, oldest first, in batches
    from a server-side cursor."""
    query = (
        select(*COLUMNS)
        .where(*_visible(visibility), ledger.c.adjusts.is_(None), *_conditions(conditions))
        .where(ledger.c.opened_at >= period[0], ledger.c.opened_at < period[1])
        .order_by(ledger.c.opened_at, ledger.c.id)
    )
    streamed = {"stream_results": True, "yield_per": BATCH}
    with connection.execute(query, execution_options=streamed) as result:
        yield from result.mappings().partitions()


def _visible(visibility: Visibility) -> list[ColumnElement[bool]]:
    return visibility.conditions(org=ledger.c.org, project=ledger.c.project, mode=ledger.c.mode)


def _conditions(conditions: Mapping[str, Any]) -> Iterator[ColumnElement[bool]]:
    """Marks are columns that are true or false, which indexes can tell; `adjusted` says whether
    another row corrects this one."""
    for name, value in conditions.items():
        if isinstance(value, bool):
            mark = _ADJUSTED if name == "adjusted" else ledger.c[name]
            yield mark if value else ~mark
        else:
            yield ledger.c[name] == value
