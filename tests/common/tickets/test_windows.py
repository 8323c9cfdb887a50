"""Windows of limits whose time zone changes: none is skipped over, doubled or counted in twice."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollgate_common.principal import Limit, Subject, Window
from tollgate_common.tickets.limits import counts_from
from tollgate_common.tickets.windows import moved, window_at

HOUR = 3_600_000
ZONES = [
    "UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo", "Pacific/Kiritimati",
    "Pacific/Pago_Pago", "Australia/Lord_Howe", "Asia/Kathmandu",
]  # fmt: skip
FARTHEST = 26 * HOUR


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def name(moment_ms: int) -> str:
    return datetime.fromtimestamp(moment_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M")


def change(window: str, zone: str, now: str) -> Window:
    """The window that runs after a limit in UTC has changed to the zone."""
    return moved(window, window_at(window, "UTC", at(now)), zone, at(now))


@pytest.mark.parametrize(
    ("zone", "now", "ends"),
    [
        ("Asia/Tokyo", "2026-11-27T20:00", "2026-11-28T00:00"),
        ("Asia/Tokyo", "2026-11-27T10:00", "2026-11-27T15:00"),
        ("America/New_York", "2026-11-27T02:00", "2026-11-28T05:00"),
        ("America/New_York", "2026-11-27T20:00", "2026-11-28T05:00"),
    ],
    ids=["over there already", "still on there", "not begun there", "on in both"],
)
def test_a_day_keeps_its_name_and_ends_where_the_limit_lives_now(
    zone: str, now: str, ends: str
) -> None:
    running = change("day", zone, now)
    assert (running.name, running.starts_at_ms) == ("2026-11-27", at("2026-11-27T00:00"))
    assert name(running.ends_at_ms) == ends
    following = window_at("day", zone, running.ends_at_ms, running)
    assert (following.name, following.starts_at_ms) == ("2026-11-28", running.ends_at_ms)


def test_a_month_is_not_made_two() -> None:
    running = change("month", "Asia/Tokyo", "2026-11-30T20:00")
    assert (running.name, name(running.ends_at_ms)) == ("2026-11", "2026-12-01T00:00")
    december = window_at("month", "Asia/Tokyo", running.ends_at_ms, running)
    assert (december.name, name(december.ends_at_ms)) == ("2026-12", "2026-12-31T15:00")


moments = st.integers(at("2024-01-01T00:00"), at("2030-01-01T00:00"))
steps = st.lists(
    st.tuples(st.sampled_from(ZONES), st.integers(0, 40 * HOUR)), min_size=1, max_size=12
)


@given(moments, st.sampled_from(["day", "month"]), st.sampled_from(ZONES), steps)
def test_whatever_the_changes_each_window_follows_the_one_before(
    now: int, window: str, zone: str, changes: list[tuple[str, int]]
) -> None:
    transition: Window | None = None
    current = window_at(window, zone, now)
    for new_zone, later in changes:
        until = now + later
        while current.ends_at_ms <= until:
            following = window_at(window, zone, current.ends_at_ms, transition)
            assert following.starts_at_ms == current.ends_at_ms
            assert following.name > current.name
            current = following
        now = until
        assert window_at(window, zone, now, transition) == current
        transition, zone = moved(window, current, new_zone, now), new_zone
        assert (transition.name, transition.starts_at_ms) == (current.name, current.starts_at_ms)
        assert transition.ends_at_ms > now
        assert transition.ends_at_ms - current.ends_at_ms <= FARTHEST
        current = transition


def limit(**more: Any) -> Limit:
    usual: dict[str, Any] = {
        "id": "lim_1", "subject": Subject("org", "org_1"), "metric": "requests", "window": "day",
        "max": "1", "timezone": "Asia/Tokyo",
    }  # fmt: skip
    return Limit(**(usual | more))


NOW = datetime(2026, 11, 27, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("made", "since"),
    [
        (NOW - timedelta(days=9), datetime(2026, 11, 26, 15, tzinfo=UTC)),
        (NOW - timedelta(hours=1), NOW - timedelta(hours=1)),
    ],
    ids=["before the window", "within it"],
)
def test_a_limit_counts_from_its_making_or_its_window(made: datetime, since: datetime) -> None:
    assert counts_from(limit(), made, NOW) == since


def test_after_a_change_of_zone_it_counts_from_where_the_window_began() -> None:
    made = NOW - timedelta(days=9)
    running = change("day", "Asia/Tokyo", "2026-11-27T20:00")
    within = limit(transition=running)
    assert counts_from(within, made, datetime(2026, 11, 27, 21, tzinfo=UTC)) == datetime(
        2026, 11, 27, tzinfo=UTC
    )
    assert counts_from(within, made, datetime(2026, 11, 28, 1, tzinfo=UTC)) == datetime(
        2026, 11, 28, tzinfo=UTC
    )
    assert counts_from(within, made, datetime(2026, 11, 28, 16, tzinfo=UTC)) == datetime(
        2026, 11, 28, 15, tzinfo=UTC
    )


def test_a_total_counts_from_its_making() -> None:
    made = NOW - timedelta(days=900)
    assert counts_from(limit(window="total"), made, NOW) == made
