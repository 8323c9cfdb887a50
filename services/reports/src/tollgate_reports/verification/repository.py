"""The ledger and its rollups, for comparisons. Every function works in the caller's transaction."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    Text,
    cast,
    func,
    or_,
    select,
    text,
)

from tollgate_common.money import to_nanos
from tollgate_reports.ledger.models import (
    COUNTS,
    DIMENSIONS,
    MARKED_REQUESTS,
    ledger,
    ledger_archives,
    parked_events,
    rollups,
)
from tollgate_reports.ledger.schemas import first_uuid
from tollgate_reports.usage.repository import BUCKET, bucket_of
from tollgate_reports.verification.schemas import SUBJECTS, KnownLimit, Sum, Used

STATEMENT_SECONDS = 600
AT_ONCE = 10_000
SLACK = timedelta(hours=1)
"""Far more than what lies between the making of a ticket's id, by which rows are found fast, and
its `opened_at`."""
ByModel = list[tuple[str, Sum]]

_DIMENSIONS = ", ".join(f'"{name}"' for name in DIMENSIONS)
_FIGURES = (*COUNTS, "cost")
_OF_LEDGER = {
    "requests": "count(*) FILTER (WHERE adjusts IS NULL)",
    **{
        name: f"count(*) FILTER (WHERE {mark} AND adjusts IS NULL)"
        for name, mark in MARKED_REQUESTS.items()
    },
}
_ROLLED_UP = text(f"""
SELECT bucket, org, {_DIMENSIONS},
       {", ".join(f"sum({name}) FILTER (WHERE rolled) AS rolled_{name}" for name in _FIGURES)},
       {", ".join(f"sum({name}) FILTER (WHERE NOT rolled) AS booked_{name}" for name in _FIGURES)}
FROM (
    SELECT true AS rolled, bucket, org, {_DIMENSIONS}, {", ".join(_FIGURES)} FROM rollups
    WHERE bucket >= :start AND bucket < :until
    UNION ALL
    SELECT false, date_bin('15 minutes', opened_at, '2000-01-01Z'), org, {_DIMENSIONS},
           {", ".join(f"{_OF_LEDGER.get(name, f'sum({name})')}" for name in _FIGURES)}
    FROM ledger WHERE opened_at >= :start AND opened_at < :until
    AND (id >= :first AND id < :last OR adjusts IS NOT NULL) GROUP BY 2, 3, {_DIMENSIONS}
) AS both_of
GROUP BY bucket, org, {_DIMENSIONS}
""")  # noqa: S608 - made of our own column names


def begin(connection: Connection) -> None:
    """All that is read in this transaction is of one moment, and may take its time."""
    connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
    connection.execute(text(f"SET LOCAL statement_timeout = '{STATEMENT_SECONDS}s'"))


def count_parked(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(parked_events)) or 0


def first_kept(connection: Connection) -> datetime | None:
    """The first moment after what is archived, if anything is."""
    newest: datetime | None = connection.scalar(select(func.max(ledger_archives.c.month)))
    return (newest + timedelta(days=32)).replace(day=1) if newest else None


def rolled_up(connection: Connection, start: datetime, until: datetime) -> Iterator[RowMapping]:
    """Each bucket and combination of a period, with what the rollups and the ledger say of it:
    `rolled_…` and `booked_…`, None where there is nothing."""
    first, last = first_uuid(start - SLACK), first_uuid(until + SLACK)
    values = {"start": start, "until": until, "first": first, "last": last}
    yield from connection.execute(_ROLLED_UP, values).mappings()


def lines_between(connection: Connection, start: datetime, until: datetime) -> Iterator[RowMapping]:
    """The rows of the ledger that were made in a period and have lines, adjustments among them:
    `id`, `cost`, and `lines` as text. They come from a server-side cursor, AT_ONCE at a time."""
    query = select(ledger.c.id, ledger.c.cost, cast(ledger.c.lines, Text).label("lines")).where(
        ledger.c.id >= first_uuid(start),
        ledger.c.id < first_uuid(until),
        ledger.c.lines.is_not(None),
    )
    streamed = {"stream_results": True, "yield_per": AT_ONCE}
    with connection.execute(query, execution_options=streamed) as result:
        yield from result.mappings()


def used_since(connection: Connection, limit: KnownLimit, mode: str, since: datetime) -> ByModel:
    """What the limit's subject has used since a moment, by model, adjustments left out: whole
    quarters of an hour from the rollups, which are many times faster, the rest from the ledger."""
    whole = bucket_of(since + BUCKET - timedelta(microseconds=1))
    table = rollups.c
    quarters = _sums(rollups, func.sum(table.requests)).where(
        table.bucket >= whole, *_of_subject(rollups, limit, mode)
    )
    edge = _requests(limit, mode).where(ledger.c.opened_at >= since, ledger.c.opened_at < whole)
    adjusted = _sums(ledger, func.sum(0)).where(
        ledger.c.adjusts.is_not(None), ledger.c.opened_at >= whole,
        *_of_subject(ledger, limit, mode),
    )  # fmt: skip
    return [
        *_read(connection, quarters),
        *_read(connection, edge),
        *((model, Sum().minus(sums)) for model, sums in _read(connection, adjusted)),
    ]


def opened_between(
    connection: Connection, limit: KnownLimit, mode: str, start: datetime, until: datetime
) -> ByModel:
    query = _requests(limit, mode)
    return _read(
        connection, query.where(ledger.c.opened_at >= start, ledger.c.opened_at < until)
    )  # fmt: skip


def closed_since(
    connection: Connection, orgs: Collection[str], opened: datetime, closed: datetime
) -> list[Used]:
    """The organisations' requests that were opened and closed no earlier than these."""
    table = ledger.c
    query = select(ledger).where(
        table.id >= first_uuid(opened), table.opened_at >= opened, table.closed_at >= closed,
        table.org.in_(orgs), table.adjusts.is_(None),
    )  # fmt: skip
    return [_used(row) for row in connection.execute(query).mappings()]


def _used(row: RowMapping) -> Used:
    tokens = row["input_tokens"] + row["output_tokens"]
    subjects = {name: row[name] for name in SUBJECTS}
    used = Sum(1, tokens, to_nanos(row["cost"]))
    return Used(subjects, row["mode"], row["model"], row["opened_at"], used)


def known(connection: Connection, tickets: Sequence[str]) -> set[str]:
    """Those of the tickets that are in the ledger."""
    found: set[str] = set()
    for start in range(0, len(tickets), AT_ONCE):
        some = [UUID(ticket) for ticket in tickets[start : start + AT_ONCE]]
        found |= {str(each) for each in connection.scalars(select(ledger.c.id).where(_among(some)))}
    return found


def rows_of(connection: Connection, tickets: Collection[UUID]) -> Iterator[RowMapping]:
    some = list(tickets)
    for start in range(0, len(some), AT_ONCE):
        query = select(ledger).where(_among(some[start : start + AT_ONCE]))
        yield from connection.execute(query).mappings()


def answered_by(
    connection: Connection, provider: str, since: datetime, closed: datetime
) -> Iterator[RowMapping]:
    """Requests that the provider has answered whole: opened since, and closed before a moment."""
    query = select(ledger.c.id, ledger.c.endpoint).where(
        ledger.c.id >= first_uuid(since - SLACK), ledger.c.opened_at >= since,
        ledger.c.closed_at < closed, ledger.c.adjusts.is_(None),
        ledger.c.provider == provider, ledger.c.status == "ok", ledger.c.attempts > 0,
    )  # fmt: skip
    streamed = connection.execution_options(stream_results=True, yield_per=AT_ONCE)
    yield from streamed.execute(query).mappings()


def _among(tickets: Sequence[UUID]) -> ColumnElement[bool]:
    return ledger.c.id.in_(tickets)


def _requests(limit: KnownLimit, mode: str) -> Select[Any]:
    return _sums(ledger, func.count()).where(
        ledger.c.adjusts.is_(None), *_of_subject(ledger, limit, mode)
    )


def _sums(table: Any, requests: ColumnElement[Any]) -> Select[Any]:
    tokens = func.sum(table.c.input_tokens + table.c.output_tokens)
    nanos = func.sum(table.c.cost) * 10**9
    return select(table.c.model, requests, tokens, nanos).group_by(table.c.model)


def _of_subject(table: Any, limit: KnownLimit, mode: str) -> list[ColumnElement[bool]]:
    conditions = [table.c.org == limit.org, table.c.mode == mode]
    if limit.subject.kind != "org":
        counted = [table.c[limit.subject.kind] == limit.subject.id]
        counted += [
            table.c[kind].in_(ids)
            for kind, ids in (("key", limit.counts_also.key), ("user", limit.counts_also.user))
            if ids
        ]
        conditions.append(or_(*counted))
    return conditions


def _read(connection: Connection, query: Select[Any]) -> ByModel:
    return [
        (model, Sum(int(requests), int(tokens), int(nanos)))
        for model, requests, tokens, nanos in connection.execute(query)
    ]
