"""Calendar windows: day, month and total, in the limit's own time zone."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo


class Window(NamedTuple):
    """`name` tells one window from the next in a counter's key; `ends_at_ms` is 0 for never."""

    name: str
    starts_at_ms: int
    ends_at_ms: int

    def holds(self, now_ms: int) -> bool:
        return self.starts_at_ms <= now_ms and (not self.ends_at_ms or now_ms < self.ends_at_ms)


TOTAL = Window("total", 0, 0)

_latest: dict[tuple[str, str], Window] = {}


def window_at(window: str, timezone: str, now_ms: int) -> Window:
    """The day or month, in the time zone, that holds the moment; or the one that never ends."""
    if window == "total":
        return TOTAL
    known = _latest.get((window, timezone))
    if known is None or not known.holds(now_ms):
        known = _latest[window, timezone] = _calendar_window(window, timezone, now_ms)
    return known


def _calendar_window(window: str, timezone: str, now_ms: int) -> Window:
    local = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(_zone(timezone))
    start = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if window == "month":
        start = start.replace(day=1)
        end = (start + timedelta(days=32)).replace(day=1)
        return Window(f"{start:%Y-%m}", _ms(start), _ms(end))
    return Window(f"{start:%Y-%m-%d}", _ms(start), _ms(start + timedelta(days=1)))


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
