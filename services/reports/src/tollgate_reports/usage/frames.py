"""Shaping with pandas. Money is whole nano-dollars in an object column: Python's integers, which
neither overflow nor round."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from tollgate_common.money import to_nanos
from tollgate_reports.usage.repository import SUMS
from tollgate_reports.usage.schemas import Grain, Question

NANOS = "nanos"


def shape(rows: Sequence[Any], question: Question) -> pd.DataFrame:
    """Columns `bucket` (the first moment of it, UTC), the groups, SUMS and `nanos`; a row for each
    bucket and combination that has requests, in order."""
    columns = ["bucket", *question.groups, *SUMS, NANOS]
    start_of = bucket_start(question)
    frame = pd.DataFrame(
        [(start_of(row[0]), *row[1:-1], to_nanos(row[-1])) for row in rows],
        columns=columns,
        dtype=object,
    )
    by = ["bucket", *question.groups]
    return frame.groupby(by, dropna=False, sort=True, as_index=False).sum()


def bucket_start(question: Question) -> Callable[[datetime], datetime]:
    """From a moment to the first moment (UTC) of its bucket in the question's zone."""
    if question.grain == "total":
        return lambda _: question.period.start
    known: dict[datetime, datetime] = {}

    def start(moment: datetime) -> datetime:
        if moment not in known:
            known[moment] = _start(moment, question.grain, question.zone)
        return known[moment]

    return start


def _start(moment: datetime, grain: Grain, zone: ZoneInfo) -> datetime:
    """An hour is taken off the clock, so that the one that is there twice when summer time ends
    is two; a day or month begins where the zone's calendar says."""
    local = moment.astimezone(zone)
    if grain == "hour":
        past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        return moment.astimezone(UTC) - past
    day = local.date() if grain == "day" else local.date().replace(day=1)
    return datetime.combine(day, time(), zone).astimezone(UTC)


def or_none(value: Any) -> Any:
    """A group's value; pandas writes a missing one as NaN."""
    return None if value is None or value != value else value
