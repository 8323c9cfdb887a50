"""Calendar windows: day, month and total, in the limit's own time zone.

A window keeps its name, and so its counter, when the time zone changes while it runs: 27 November
goes on as 27 November until that day ends in the new zone, or, where it is over there already,
until it would have ended in the old one. The next window begins at that moment. So the names of a
limit's windows only ever move forward, and each of them counts once.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from tollgate_common.principal import Window

TOTAL = Window("total", 0, 0)

_latest: dict[tuple[str, str], Window] = {}


def window_at(window: str, timezone: str, now_ms: int, transition: Window | None = None) -> Window:
    """Return the day or month, in the time zone, that holds the moment, or the window that never
    ends. `transition` is the window that was running when the zone became this one."""
    if window == "total":
        return TOTAL
    if transition is not None and now_ms < transition.ends_at_ms:
        return transition
    known = _latest.get((window, timezone))
    if known is None or not known.holds(now_ms):
        known = _latest[window, timezone] = _calendar_window(window, timezone, now_ms)
    if transition is not None and known.starts_at_ms < transition.ends_at_ms:
        return Window(known.name, transition.ends_at_ms, known.ends_at_ms)
    return known


def moved(window: str, running: Window, timezone: str, now_ms: int) -> Window:
    """Return the running day or month of a limit whose time zone becomes `timezone` now."""
    text = running.name if window == "day" else f"{running.name}-01"
    _, ends_at_ms = _bounds(window, date.fromisoformat(text), _zone(timezone))
    if ends_at_ms <= now_ms:
        ends_at_ms = running.ends_at_ms
    return Window(running.name, running.starts_at_ms, ends_at_ms)


def _calendar_window(window: str, timezone: str, now_ms: int) -> Window:
    zone = _zone(timezone)
    day = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(zone).date()
    name = f"{day:%Y-%m}" if window == "month" else f"{day:%Y-%m-%d}"
    return Window(name, *_bounds(window, day, zone))


def _bounds(window: str, day: date, zone: ZoneInfo) -> tuple[int, int]:
    """Return the first moment of the day, or of its month, and the first moment after it."""
    if window == "month":
        day = day.replace(day=1)
        following = (day + timedelta(days=32)).replace(day=1)
    else:
        following = day + timedelta(days=1)
    return _midnight(day, zone), _midnight(following, zone)


def _midnight(day: date, zone: ZoneInfo) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp() * 1000)


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
