"""Report runs in PostgreSQL. Every function works in the caller's transaction.

A run holds its row locked while it works: the lock goes with the process that dies, so a run
that is not locked and not finished has nobody who works on it.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    delete,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from tollgate_common.visibility import Visibility
from tollgate_reports.reports.models import report_files, report_parts, reports
from tollgate_reports.reports.schemas import ReportQuery

UNFINISHED = ("queued", "running")
PARAMETERS = ("grain", "timezone")


class ReportFile(NamedTuple):
    """A file as it is kept. `content` is its first part."""

    filename: str
    content_type: str
    content: bytes


def add(connection: Connection, values: Mapping[str, Any]) -> RowMapping:
    """A new run, queued."""
    query = insert(reports).values(status="queued", **values).returning(reports)
    return connection.execute(query).mappings().one()


def lock_queue(connection: Connection, org: str) -> None:
    """Nobody else adds to the organisation's queue until the transaction ends."""
    name = func.hashtextextended(f"reports {org}", 0)
    connection.execute(select(func.pg_advisory_xact_lock(name)))


def count_unfinished(connection: Connection, org: str) -> int:
    query = select(func.count()).where(reports.c.org == org, reports.c.status.in_(UNFINISHED))
    return int(connection.scalar(query) or 0)


def find(connection: Connection, report: str, visibility: Visibility) -> RowMapping | None:
    """The visible run of this id."""
    query = select(reports).where(reports.c.id == report, *_visible(visibility))
    return connection.execute(query).mappings().first()


def organisation_of(connection: Connection, report: str) -> str | None:
    """Return the organisation that the run is of."""
    return connection.scalar(select(reports.c.org).where(reports.c.id == report))


def list_page(
    connection: Connection,
    visibility: Visibility,
    asked: ReportQuery,
    before: str | None,
    limit: int,
) -> list[RowMapping]:
    """Newest first; ids grow with time."""
    query = select(reports).where(*_visible(visibility))
    for name, value in asked.model_dump(exclude_none=True).items():
        column = reports.c.parameters[name].astext if name in PARAMETERS else reports.c[name]
        query = query.where(column == value)
    if before:
        query = query.where(reports.c.id < before)
    return list(connection.execute(query.order_by(reports.c.id.desc()).limit(limit)).mappings())


def _visible(visibility: Visibility) -> list[ColumnElement[bool]]:
    """A run is of the mode that it sums up; one of both is neither's alone."""
    return visibility.in_any_mode().conditions(
        org=reports.c.org,
        projects=reports.c.projects,
        mode=reports.c.parameters[("filters", "mode")].astext,
        user=reports.c.user,
    )


def lock(connection: Connection, report: str) -> RowMapping | None:
    """The run, if it is not finished and nobody works on it; ours until the transaction ends."""
    query = (
        select(reports)
        .where(reports.c.id == report, reports.c.status.in_(UNFINISHED))
        .with_for_update(skip_locked=True)
    )
    return connection.execute(query).mappings().first()


def start(connection: Connection, report: str) -> None:
    _change(
        connection, report, status="running", attempts=reports.c.attempts + 1,
        started_at=func.now(), touched_at=func.now(),
    )  # fmt: skip


def add_part(connection: Connection, report: str, place: int, content: bytes) -> None:
    """Keep a further part of the result; they are numbered from 1."""
    connection.execute(insert(report_parts).values(report=report, place=place, content=content))


def finish(connection: Connection, report: str, file: ReportFile, rows: int) -> None:
    """Keep the result, whose further parts are kept already."""
    kept = upsert(report_files).values(report=report, **file._asdict())
    kept = kept.on_conflict_do_update(index_elements=["report"], set_=file._asdict())
    connection.execute(kept)
    _change(connection, report, status="ready", rows=rows, error=None, finished_at=func.now())


def fail(connection: Connection, report: str, reason: str) -> None:
    _change(connection, report, status="failed", error=reason, finished_at=func.now())


def read_file(connection: Connection, report: str) -> ReportFile | None:
    query = select(
        report_files.c.filename, report_files.c.content_type, report_files.c.content
    ).where(report_files.c.report == report)
    found = connection.execute(query).first()
    return ReportFile(*found) if found else None


def read_part(connection: Connection, report: str, place: int) -> bytes | None:
    """The further part of this number, None after the last."""
    query = select(report_parts.c.content).where(
        report_parts.c.report == report, report_parts.c.place == place
    )
    content: bytes | None = connection.scalar(query)
    return content


def size_of_parts(connection: Connection, report: str) -> int:
    """How many bytes the further parts have."""
    size = func.coalesce(func.sum(func.octet_length(report_parts.c.content)), 0)
    return int(connection.scalar(select(size).where(report_parts.c.report == report)) or 0)


def status_of(connection: Connection, report: str) -> str | None:
    return connection.scalar(select(reports.c.status).where(reports.c.id == report))


def abandoned(connection: Connection, age: timedelta, limit: int) -> list[RowMapping]:
    """Runs that nobody works on and nobody has touched for `age`; ours until the transaction
    ends, and touched now."""
    query = (
        select(reports)
        .where(reports.c.status.in_(UNFINISHED), reports.c.touched_at < func.now() - age)
        .order_by(reports.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = list(connection.execute(query).mappings())
    ids = [row["id"] for row in found]
    connection.execute(update(reports).where(reports.c.id.in_(ids)).values(touched_at=func.now()))
    return found


def purge(connection: Connection, age: timedelta) -> int:
    """Delete the runs that ended `age` ago, with their files, and say how many."""
    ended = reports.c.status.not_in(UNFINISHED) & (reports.c.finished_at < func.now() - age)
    return connection.execute(delete(reports).where(ended)).rowcount


def allow_seconds(connection: Connection, seconds: int) -> None:
    """Let this transaction's queries take longer than a request's may."""
    connection.execute(
        text("SELECT set_config('statement_timeout', :limit, true)"), {"limit": f"{seconds}s"}
    )


def _change(connection: Connection, report: str, **values: Any) -> None:
    connection.execute(update(reports).where(reports.c.id == report).values(**values))
