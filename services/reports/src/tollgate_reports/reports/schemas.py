"""A report as it is asked for, kept and shown."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import RowMapping

from tollgate_common.events.cloudevents import timestamp
from tollgate_common.visibility import Visibility
from tollgate_reports.usage.periods import Period
from tollgate_reports.usage.schemas import Grain, GroupBy, Question
from tollgate_reports.visibility import Filters, Interval, Mode, Timezone

Type = Literal["usage", "requests"]
Status = Literal["queued", "running", "ready", "failed"]
Parameters = dict[str, Any]

_ASKED = ("period", "timezone", "grain", "group_by", "filters")
_TIMES = ("created_at", "started_at", "finished_at")


class ReportRequest(BaseModel):
    """The body of `POST /reports`. `usage` has a line for each bucket and group; `requests` has one
    for each request, with the fields of `GET /requests`: it has neither grain nor groups."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Type
    period: Interval | None = Field(
        None, description="ISO 8601 interval, like 2026-11-01/P1M; this month unless given."
    )
    timezone: Timezone = "UTC"
    grain: Grain = "day"
    group_by: GroupBy = ("project", "model")
    mode: Mode | None = None
    filters: Filters = Filters()
    format: Literal["csv"] = "csv"


class ReportQuery(BaseModel):
    """The query string of `GET /reports`."""

    type: Type | None = Field(None, description="Only reports of this type.")
    status: Status | None = Field(None, description="Only reports of this status.")
    format: Literal["csv"] | None = Field(None, description="Only reports in this format.")
    grain: Grain | None = Field(None, description="Only reports by this grain.")
    timezone: Timezone | None = Field(None, description="Only reports in this time zone.")


class LinkQuery(BaseModel):
    """The query string of a signed link."""

    token: str | None = Field(None, description="Of the link, which needs no credentials.")


class Report(BaseModel):
    """A report run. `grain` is null and `group_by` empty where a line is a request. `download_url`
    is there when it is ready: a path below the address you called, good without credentials until
    `download_expires_at`. `error` says why it failed."""

    id: str
    type: str
    format: str
    status: Status
    period: str
    timezone: str
    grain: str | None
    group_by: list[str]
    filters: dict[str, str]
    rows: int | None
    error: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    download_url: str | None
    download_expires_at: datetime | None


class ReportPage(BaseModel):
    data: list[Report]
    next_cursor: str | None


def parameters_of(question: Question, kind: Type) -> Parameters:
    """What is kept of a question, so that a run tomorrow answers the same one."""
    is_summed = kind == "usage"
    return {
        "period": question.period.text(),
        "timezone": question.zone.key,
        "grain": question.grain if is_summed else None,
        "group_by": list(question.groups) if is_summed else [],
        "filters": dict(question.filters),
        "visible": _visible(question.visibility),
    }


def _visible(visibility: Visibility) -> dict[str, Any]:
    """What a caller saw when they asked, so that the run sees no more."""
    projects = None if visibility.projects is None else sorted(visibility.projects)
    return {"projects": projects, "mode": visibility.mode}


def projects_of(question: Question) -> list[str] | None:
    """The projects that a report may have anything of; None: all, and what has no project."""
    project = question.filters.get("project")
    if project is not None:
        return [str(project)]
    projects = question.visibility.projects
    return None if projects is None else sorted(projects)


def _seen(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Runs from before this was kept have what bounds them in their filters."""
    projects = kept.get("projects")
    bounds = None if projects is None else frozenset(projects)
    return {"projects": bounds, "mode": kept.get("mode")}


def question_of(org: str, parameters: Mapping[str, Any]) -> Question:
    """The question that was kept."""
    start, end = (datetime.fromisoformat(part) for part in parameters["period"].split("/"))
    return Question(
        visibility=Visibility(org=org, **_seen(parameters.get("visible", {}))),
        period=Period(start, end),
        zone=ZoneInfo(parameters["timezone"]),
        grain=parameters["grain"] or "total",
        groups=tuple(parameters["group_by"]),
        filters=parameters["filters"],
    )


def as_json(row: RowMapping) -> dict[str, Any]:
    """A run with the fields of `Report`, without a link."""
    return {
        **{name: row[name] for name in ("id", "type", "format", "status", "rows", "error")},
        **{name: row["parameters"][name] for name in _ASKED},
        **{name: timestamp(row[name]) if row[name] else None for name in _TIMES},
        "download_url": None,
        "download_expires_at": None,
    }
