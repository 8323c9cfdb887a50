"""Sums over a period, from the rollups where these can tell, else from the ledger itself.

Both give the same rows: (moment, one value a group..., the SUMS..., cost), where the moment is
the quarter of an hour that the requests were opened in.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Table,
    Text,
    cast,
    func,
    literal_column,
    null,
    select,
)

from tollgate_reports.ledger.models import MARKED_REQUESTS, TOKENS, ledger, rollups
from tollgate_reports.refusals.models import refusals
from tollgate_reports.usage.periods import Period
from tollgate_reports.usage.schemas import TAG, Question

REFUSED = "refused_requests"
SUMS = ("requests", *TOKENS, *MARKED_REQUESTS, REFUSED)
BUCKET = timedelta(minutes=15)
NONE: ColumnElement[Any] = literal_column("0")
_ORIGIN = datetime(2000, 1, 1, tzinfo=UTC)


def read(connection: Connection, question: Question) -> Sequence[Any]:
    """The rows that answer the question: what was accepted, and how often anything was refused."""
    return [*_accepted(connection, question), *_refused(connection, question)]


def _accepted(connection: Connection, question: Question) -> Sequence[Any]:
    """The rows that answer the question: whole quarters from the rollups, what the period cuts
    off at its ends from the ledger. Tags and marks are in the ledger only."""
    start, end = question.period
    whole = Period(bucket_of(start + BUCKET - timedelta(microseconds=1)), bucket_of(end))
    by_row = any(name.startswith(TAG) for name in question.groups) or any(
        name not in rollups.c for name in question.filters
    )
    if by_row or whole.start >= whole.end:
        return connection.execute(_of_ledger(question, question.period)).all()
    rows = list(connection.execute(_of_rollups(question, whole)))
    for edge in (Period(start, whole.start), Period(whole.end, end)):
        if edge.start < edge.end:
            rows += connection.execute(_of_ledger(question, edge))
    return rows


def bucket_of(moment: datetime) -> datetime:
    """The beginning of the quarter of an hour in which a request of this moment counts."""
    return moment - (moment - _ORIGIN) % BUCKET


def _of_rollups(question: Question, period: Period) -> Select[Any]:
    table = rollups.c
    sums = [NONE if name == REFUSED else _sum(table[name]) for name in SUMS]
    return _select(question, rollups, table.bucket, period, table.bucket, sums)


def _of_ledger(question: Question, period: Period) -> Select[Any]:
    table = ledger.c
    moment = func.date_bin(BUCKET, table.opened_at, _ORIGIN)
    counts: dict[str, ColumnElement[Any]] = {
        REFUSED: NONE,
        "requests": func.count().filter(table.adjusts.is_(None)),
        **{
            name: func.count().filter(table[mark], table.adjusts.is_(None))
            for name, mark in MARKED_REQUESTS.items()
        },
    }
    sums = [counts[name] if name in counts else _sum(table[name]) for name in SUMS]
    return _select(question, ledger, table.opened_at, period, moment, sums)


def _refused(connection: Connection, question: Question) -> Sequence[Any]:
    """Refused requests have no provider, no status, no tags and no figures: where only requests
    with one of those are asked for, none of them is meant. A quarter counts where it begins."""
    table = refusals.c
    if any(name not in table for name in question.filters):
        return ()
    sums = [_sum(table["count"]) if name == REFUSED else NONE for name in SUMS]
    query = _select(question, refusals, table.bucket, question.period, table.bucket, sums, NONE)
    return connection.execute(query).all()


def _sum(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return cast(func.sum(column), BigInteger)


def _select(
    question: Question,
    table: Table,
    time: ColumnElement[Any],
    period: Period,
    moment: ColumnElement[Any],
    sums: Sequence[ColumnElement[Any]],
    cost: ColumnElement[Any] | None = None,
) -> Select[Any]:
    groups = [_group(table, name) for name in question.groups]
    labelled = [column.label(f"group_{place}") for place, column in enumerate(groups)]
    conditions = [_condition(table, name, value) for name, value in question.filters.items()]
    places = [moment.label("moment"), *labelled]
    visible = question.visibility.conditions(
        org=table.c.org, project=table.c.project, mode=table.c.mode
    )
    return (
        select(*places, *sums, func.sum(table.c.cost) if cost is None else cost)
        .where(*visible, time >= period.start, time < period.end, *conditions)
        .group_by(*(column.name for column in places))
    )


def _group(table: Table, name: str) -> ColumnElement[Any]:
    if name.startswith(TAG) and "tags" in table.c:
        value: ColumnElement[Any] = table.c.tags[name.removeprefix(TAG)].astext
        return value
    return table.c[name] if name in table.c else cast(null(), Text)


def _condition(table: Table, name: str, value: str | bool) -> ColumnElement[bool]:
    """Whether a mark is set must be in the statement itself, for an index to be used."""
    if isinstance(value, bool):
        return table.c[name] if value else ~table.c[name]
    return table.c[name] == value
