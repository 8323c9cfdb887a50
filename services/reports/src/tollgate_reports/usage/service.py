"""Usage: who may see what of it, and the answer in figures."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import Engine

from tollgate_common.errors import InvalidField
from tollgate_common.events.cloudevents import timestamp
from tollgate_common.guard import Caller
from tollgate_common.money import usd_text
from tollgate_reports.usage import frames, repository
from tollgate_reports.usage.periods import current_month, parse_period, zone_of
from tollgate_reports.usage.repository import SUMS
from tollgate_reports.usage.schemas import Question, UsageQuery
from tollgate_reports.visibility import filters_for

ROWS_MAX = 50_000


def question_of(caller: Caller, query: UsageQuery, now: datetime | None = None) -> Question:
    """The caller's question, complete."""
    zone = zone_of(query.timezone)
    return Question(
        org=caller.org,
        period=(
            parse_period(query.period, zone)
            if query.period
            else current_month(now or datetime.now(UTC), zone)
        ),
        zone=zone,
        grain=query.grain,
        groups=query.group_by,
        filters=filters_for(caller, query, query.mode),
    )


class UsageService:
    """Answers from PostgreSQL; `as_of` says how far an organisation's books are."""

    def __init__(self, engine: Engine, as_of: Callable[[str], datetime | None]) -> None:
        self._engine = engine
        self._as_of = as_of

    def answer(self, question: Question) -> dict[str, Any]:
        """The body of `GET /usage`."""
        as_of = self._as_of(question.org)
        frame = self.frame(question)
        if len(frame) > ROWS_MAX:
            raise InvalidField(
                f"period: this makes more than {ROWS_MAX} rows; ask for less at a time, or for a"
                " report.",
                param="period",
            )
        return {
            "data": rows_of(frame, question),
            "totals": _figures({name: sum(frame[name]) for name in (*SUMS, frames.NANOS)}),
            "as_of": timestamp(as_of) if as_of else None,
        }

    def frame(self, question: Question) -> pd.DataFrame:
        """The figures as `frames.shape` describes them."""
        with self._engine.connect() as connection:
            rows = repository.read(connection, question)
        return frames.shape(rows, question)


def rows_of(frame: pd.DataFrame, question: Question) -> list[dict[str, Any]]:
    """The frame as JSON rows: times with their offset in the zone, money as decimal strings."""
    return [
        {
            "bucket": local_text(record["bucket"], question.zone),
            **{name: frames.or_none(record[name]) for name in question.groups},
            **_figures(record),
        }
        for record in frame.to_dict("records")
    ]


def local_text(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).isoformat().replace("+00:00", "Z")


def _figures(record: Any) -> dict[str, Any]:
    return {
        **{name: int(record[name]) for name in SUMS},
        "cost_usd": usd_text(int(record[frames.NANOS])),
    }
