"""Periods: ISO 8601 intervals, read in a time zone.

`2026-11-01/P1M`, `2026-11-01/2026-12-01`, `P7D/2026-11-08T12:00:00Z`: the start counts, the end
does not. A moment without an offset is in the period's zone, a date is its first moment there;
years, months, weeks and days follow the calendar of that zone, hours and less the clock.
"""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import NamedTuple
from zoneinfo import ZoneInfo

import aniso8601  # type: ignore[import-untyped]
from aniso8601.builders import (  # type: ignore[import-untyped]
    DurationTuple,
    TupleBuilder,
)

from tollgate_common.errors import InvalidField

EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


class Period(NamedTuple):
    """From `start` up to, and without, `end`; both UTC."""

    start: datetime
    end: datetime

    def text(self) -> str:
        """The period as an interval of two moments."""
        return "/".join(moment.isoformat().replace("+00:00", "Z") for moment in self)


def zone_of(name: str) -> ZoneInfo:
    """The IANA zone of this name."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise InvalidField(
            "timezone: an IANA name, like Europe/Berlin.", param="timezone"
        ) from None


def current_month(now: datetime, zone: ZoneInfo) -> Period:
    first = now.astimezone(zone).date().replace(day=1)
    return Period(_in_utc(first, zone), _in_utc(_add_months(first, 1), zone))


def parse_period(text: str, zone: ZoneInfo) -> Period:
    """The interval, or `InvalidField` for `period`."""
    try:
        period = _parse(text, zone)
    except (ValueError, OverflowError, TypeError, NotImplementedError):
        raise InvalidField(
            "period: an ISO 8601 interval, like 2026-11-01/P1M.", param="period"
        ) from None
    if not EARLIEST <= period.start < period.end <= LATEST:
        raise InvalidField("period: it must end after it starts.", param="period")
    return period


def _parse(text: str, zone: ZoneInfo) -> Period:
    if not text.isascii():
        raise ValueError(text)
    first, second = text.split("/")
    if first.startswith("P"):
        end = _moment(second, zone)
        return Period(_shift(end, first, -1, zone), end.astimezone(UTC))
    start = _moment(first, zone)
    if second.startswith("P"):
        return Period(start.astimezone(UTC), _shift(start, second, 1, zone))
    return Period(start.astimezone(UTC), _moment(second, zone).astimezone(UTC))


def _moment(text: str, zone: ZoneInfo) -> datetime:
    """In its own offset, where it has one, else in `zone`."""
    if "T" not in text:
        return datetime.combine(aniso8601.parse_date(text), time(), zone)
    moment: datetime = aniso8601.parse_datetime(text)
    if moment.tzinfo is None:
        return moment.replace(tzinfo=zone)
    offset = moment.utcoffset() or timedelta(0)
    return moment.replace(tzinfo=timezone(offset))


def _shift(moment: datetime, text: str, sign: int, zone: ZoneInfo) -> datetime:
    """`moment` moved by a duration: dates by the zone's calendar, times by the clock."""
    parts: DurationTuple = aniso8601.parse_duration(text, builder=TupleBuilder)
    years, months = _whole(parts.PnY), _whole(parts.PnM)
    days = 7 * _whole(parts.PnW) + _whole(parts.PnD)
    local = moment.astimezone(zone)
    day = _add_months(local.date(), sign * (12 * years + months)) + timedelta(sign * days)
    moved = datetime.combine(day, local.time(), zone).replace(fold=local.fold)
    clock = timedelta(
        hours=float(parts.TnH or 0), minutes=float(parts.TnM or 0), seconds=float(parts.TnS or 0)
    )
    return moved.astimezone(UTC) + sign * clock


def _whole(text: str | None) -> int:
    return int(text or 0)


def _add_months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _in_utc(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
