"""Periods follow the calendar of their zone."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from tollgate_common.errors import InvalidField
from tollgate_reports.usage.periods import current_month, parse_period, zone_of


@pytest.mark.parametrize(
    ("text", "zone", "start", "end"),
    [
        ("2026-11-01/P1M", "UTC", "2026-11-01T00:00Z", "2026-12-01T00:00Z"),
        ("2026-10-01/P1M", "UTC", "2026-10-01T00:00Z", "2026-11-01T00:00Z"),
        ("2026-02-01/P1M", "UTC", "2026-02-01T00:00Z", "2026-03-01T00:00Z"),
        ("2026-01-31/P1M", "UTC", "2026-01-31T00:00Z", "2026-02-28T00:00Z"),
        ("2024-02-29/P1Y", "UTC", "2024-02-29T00:00Z", "2025-02-28T00:00Z"),
        ("2026-11-01/P2W", "UTC", "2026-11-01T00:00Z", "2026-11-15T00:00Z"),
        ("2026-11-01/2026-11-08", "UTC", "2026-11-01T00:00Z", "2026-11-08T00:00Z"),
        ("P1M/2026-12-01", "UTC", "2026-11-01T00:00Z", "2026-12-01T00:00Z"),
        ("2026-10-01/P1M", "Europe/Berlin", "2026-09-30T22:00Z", "2026-10-31T23:00Z"),
        ("2026-10-25/P1D", "Europe/Berlin", "2026-10-24T22:00Z", "2026-10-25T23:00Z"),
        ("2026-10-25/PT24H", "Europe/Berlin", "2026-10-24T22:00Z", "2026-10-25T22:00Z"),
        ("2026-11-01/P1D", "Asia/Kolkata", "2026-10-31T18:30Z", "2026-11-01T18:30Z"),
        ("2026-11-01T10:00:00Z/PT1H30M", "Asia/Kolkata", "2026-11-01T10:00Z", "2026-11-01T11:30Z"),
        ("2026-11-01T10:00:00+02:00/PT1H", "UTC", "2026-11-01T08:00Z", "2026-11-01T09:00Z"),
        ("2026-11-01T10:00/PT1H", "Asia/Kolkata", "2026-11-01T04:30Z", "2026-11-01T05:30Z"),
        ("20261101/P1D", "UTC", "2026-11-01T00:00Z", "2026-11-02T00:00Z"),
        ("2026-W45/P1W", "UTC", "2026-11-02T00:00Z", "2026-11-09T00:00Z"),
    ],
)
def test_an_interval_is_read_by_the_calendar_of_its_zone(
    text: str, zone: str, start: str, end: str
) -> None:
    period = parse_period(text, ZoneInfo(zone))
    assert period == (datetime.fromisoformat(start), datetime.fromisoformat(end))
    assert parse_period(period.text(), ZoneInfo(zone)) == period


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "/", "P1M", "2026-11-01", "2026-11-01/", "/P1M", "P1M/P1M", "2026-11-01/P",
        "2026-02-30/P1D", "2026-11-02/2026-11-01", "2026-11-01/2026-11-01", "2026-11-01/P0D",
        "2026-11-01/P1M/P1M", "R/2026-11-01/P1D", "2026-11-01/P99999Y", "2026-11-01/P1,5M",
        "9999-12-01/P1M", "0001-01-01/P1D", "2026-11-01/-P1M", "2026-11-01/P1.5D",
        "2026-11-01T10:00:60/PT1H", "٢٠٢٦-11-01/P1D", "2026-11-01/PT1e400H",
        "2026-11-01T99:00/P1D", "2026-11-01/P" + "9" * 5000 + "D",
    ],
)  # fmt: skip
def test_what_is_no_interval_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        parse_period(text, ZoneInfo("UTC"))
    assert refusal.value.param == "period"


@pytest.mark.parametrize("name", ["", "Mars/Base", "../etc/passwd", "/etc/passwd", "UTC\0", "é"])
def test_what_is_no_zone_is_refused_by_name(name: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        zone_of(name)
    assert refusal.value.param == "timezone"


def test_the_current_month_is_the_zones_own() -> None:
    now = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
    assert current_month(now, ZoneInfo("UTC")).text() == "2026-11-01T00:00:00Z/2026-12-01T00:00:00Z"
    assert current_month(now, ZoneInfo("Europe/Berlin")).start == datetime(
        2026, 11, 30, 23, tzinfo=UTC
    )
