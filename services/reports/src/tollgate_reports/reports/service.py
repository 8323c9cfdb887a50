"""Report runs as the API has them: asked for, looked at, downloaded."""

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import Engine, RowMapping

from tollgate_common.errors import InvalidField
from tollgate_common.events.cloudevents import timestamp
from tollgate_common.guard import Caller, require_in_project
from tollgate_common.ids import new_id
from tollgate_common.visibility import Visibility
from tollgate_reports import changes
from tollgate_reports.reports import repository
from tollgate_reports.reports.errors import QueueFull, ReportNotReady, UnknownReport
from tollgate_reports.reports.links import Links
from tollgate_reports.reports.runs import Enqueue, try_enqueue
from tollgate_reports.reports.schemas import (
    ReportQuery,
    ReportRequest,
    as_json,
    parameters_of,
    projects_of,
)
from tollgate_reports.usage.schemas import UsageQuery
from tollgate_reports.usage.service import question_of

READING, WRITING = "reports:read", "reports:write"


class Download(NamedTuple):
    """A file on its way out: `size` in bytes, and its parts, each read when its turn comes."""

    filename: str
    content_type: str
    size: int
    parts: Iterator[bytes]


class ReportService:
    """What the API does with report runs. `enqueue` queues a run by its id; when Redis is away
    the run waits in its table for `sweep`. `most`: the runs that an organisation may have waiting
    or running."""

    def __init__(self, engine: Engine, links: Links, enqueue: Enqueue, most: int) -> None:
        self._engine = engine
        self._links = links
        self._enqueue = enqueue
        self._most = most

    def create(self, caller: Caller, request: ReportRequest) -> dict[str, Any]:
        """A new run. Its period, and the projects that it may be of, are fixed now, whenever it is
        worked on."""
        for name in ("grain", "group_by"):
            if request.type != "usage" and name in request.model_fields_set:
                raise InvalidField(f"{name}: for reports of the type `usage` only.", param=name)
        query = UsageQuery(
            **request.filters.model_dump(),
            **request.model_dump(include={"period", "timezone", "grain", "group_by", "mode"}),
        )
        question = question_of(Visibility.of(caller, WRITING), query)
        if query.project is not None:
            require_in_project(caller, WRITING, query.project)
        values = {
            "id": new_id("rep"),
            "org": caller.org,
            "project": caller.project,
            "created_by": caller.subject,
            "projects": projects_of(question),
            "user": caller.user,
            "type": request.type,
            "format": request.format,
            "parameters": parameters_of(question, request.type),
        }
        with self._engine.begin() as connection:
            repository.lock_queue(connection, caller.org)
            if repository.count_unfinished(connection, caller.org) >= self._most:
                raise QueueFull(self._most)
            row = repository.add(connection, values)
            after = {"type": request.type, "format": request.format}
            changes.record(connection, caller, "report.created", ("report", row["id"]), None, after)
        try_enqueue(self._enqueue, row["id"])
        return as_json(row)

    def find(self, visibility: Visibility, report: str) -> dict[str, Any]:
        """The run, with a link to its file if there is one."""
        row = self._row(visibility, report)
        shown = as_json(row)
        if row["status"] == "ready":
            link = self._links.make(report)
            shown |= {"download_url": link.url, "download_expires_at": timestamp(link.expires_at)}
        return shown

    def list_page(
        self, visibility: Visibility, asked: ReportQuery, before: str | None, limit: int
    ) -> tuple[list[dict[str, Any]], str | None]:
        """Runs the caller may see, and the cursor of the next page."""
        with self._engine.connect() as connection:
            rows = repository.list_page(connection, visibility, asked, before, limit + 1)
        shown = [as_json(row) for row in rows[:limit]]
        return shown, shown[-1]["id"] if rows[limit:] else None

    def file_for(self, visibility: Visibility, report: str) -> Download:
        """The file, for a caller who may see the run."""
        self._row(visibility, report)
        return self._file(report)

    def file_by_link(self, report: str, token: str) -> Download:
        """The file, for whoever has a good link."""
        self._links.check(report, token)
        return self._file(report)

    def organisation_of(self, report: str) -> str | None:
        """Return the organisation that the run is of, for whoever has a good link to it."""
        with self._engine.connect() as connection:
            return repository.organisation_of(connection, report)

    def _row(self, visibility: Visibility, report: str) -> RowMapping:
        with self._engine.connect() as connection:
            row = repository.find(connection, report, visibility)
        if row is None:
            raise UnknownReport()
        return row

    def _file(self, report: str) -> Download:
        with self._engine.connect() as connection:
            file = repository.read_file(connection, report)
            status = repository.status_of(connection, report)
            size = repository.size_of_parts(connection, report)
        if status is None:
            raise UnknownReport()
        if file is None:
            raise ReportNotReady(status)
        parts = self._parts(report, file.content)
        return Download(file.filename, file.content_type, len(file.content) + size, parts)

    def _parts(self, report: str, first: bytes) -> Iterator[bytes]:
        """No connection is kept while a slow client reads."""
        yield first
        for place in itertools.count(1):
            with self._engine.connect() as connection:
                content = repository.read_part(connection, report, place)
            if content is None:
                return
            yield content
