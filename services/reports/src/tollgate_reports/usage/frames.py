"""Shaping with pandas. Money is whole nano-dollars in an object column: Python's integers, which
neither overflow nor round."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from tollgate_common.money import to_nanos, usd_text
from tollgate_reports.usage.repository import SUMS
from tollgate_reports.usage.schemas import Grain, Question

NANOS = "nanos"
RATE_PLACES = 6
"""Decimal places of a rate."""


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


def rows_of(frame: pd.DataFrame, question: Question) -> list[dict[str, Any]]:
    """The frame as JSON rows: times with their offset in the zone, money as decimal strings."""
    return [
        {
            "bucket": local_text(record["bucket"], question.zone),
            **{name: _or_none(record[name]) for name in question.groups},
            **_figures(record),
        }
        for record in frame.to_dict("records")
    ]


def totals_of(frame: pd.DataFrame) -> dict[str, Any]:
    return _figures({name: sum(frame[name]) for name in (*SUMS, NANOS)})


def local_text(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).isoformat().replace("+00:00", "Z")


def cache_hit_rate(record: Mapping[Any, Any]) -> float | None:
    """Return the part of the input that came from the providers' prompt caches, by its tokens, of
    one row's sums or of all rows' sums: a mean of rates would weigh a small row like a large one.
    None where there was no input."""
    read = int(record["input_tokens"])
    return round(int(record["cached_input_tokens"]) / read, RATE_PLACES) if read > 0 else None


def _figures(record: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        **{name: int(record[name]) for name in SUMS},
        "cache_hit_rate": cache_hit_rate(record),
        "cost_usd": usd_text(int(record[NANOS])),
    }


def _or_none(value: Any) -> Any:
    """A group's value; pandas writes a missing one as NaN."""
    return None if pd.isna(value) else value
