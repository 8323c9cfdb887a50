"""How a limit is counted: which counter, by which window, in which units."""

import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal

import msgspec

from tollgate_common.money import to_nanos
from tollgate_common.principal import Limit
from tollgate_common.tickets.keys import bucket
from tollgate_common.tickets.models import Reservation
from tollgate_common.tickets.windows import window_at

_PERIODS_MS = {"minute": 60_000, "hour": 3_600_000}


def reservation(org: str, mode: str, limit: Limit, amount: int) -> Reservation:
    """So much of the limit, in the window that holds this moment."""
    blank = _blank(org, mode, limit)
    counter, ends_at_ms = blank.counter, 0
    if blank.kind == "window":
        now_ms = int(time.time() * 1000)
        window = window_at(limit.window, limit.timezone, now_ms, limit.transition)
        counter, ends_at_ms = f"{counter}:{window.name}", window.ends_at_ms
    return Reservation(
        limit=blank.limit, counter=counter, kind=blank.kind, metric=blank.metric, max=blank.max,
        amount=amount, enforce=blank.enforce, period_ms=blank.period_ms,
        expires_at_ms=ends_at_ms, about=blank.about,
    )  # fmt: skip


def counts_from(limit: Limit, created_at: datetime, now: datetime) -> datetime | None:
    """Return the moment since which the limit counts what is used: when it was made, or when its
    window began, whichever is later. None for what drains, and for what counts open calls."""
    if _kind(limit) != "window":
        return None
    now_ms = int(now.timestamp() * 1000)
    window = window_at(limit.window, limit.timezone, now_ms, limit.transition)
    return max(created_at, datetime.fromtimestamp(window.starts_at_ms / 1000, UTC))


def lasting_counters(org: str, limit: str) -> list[str]:
    """The counters that a limit leaves behind for ever: they have to go when it does."""
    return [f"{_counter(org, limit, mode)}:total" for mode in ("live", "test")]


def _counter(org: str, limit: str, mode: str) -> str:
    return f"count:{bucket(org)}:{limit}:{mode}"


@lru_cache(maxsize=10_000)
def _blank(org: str, mode: str, limit: Limit) -> Reservation:
    """What is the same in every reservation on a limit."""
    kind = _kind(limit)
    period_ms = _PERIODS_MS[limit.window] if kind == "bucket" else 0
    about = {"org": org, "mode": mode, "subject": limit.subject, "window": limit.window}
    return Reservation(
        limit=limit.id, counter=_counter(org, limit.id, mode), kind=kind,
        metric=limit.metric,  # type: ignore[arg-type]
        max=to_nanos(limit.max) if limit.metric == "cost_usd" else int(limit.max),
        amount=0, enforce=limit.mode == "enforce", period_ms=period_ms,
        about="," + msgspec.json.encode(about).decode()[1:-1],
    )  # fmt: skip


def _kind(limit: Limit) -> Literal["window", "bucket", "gauge"]:
    if limit.metric == "concurrency":
        return "gauge"
    return "bucket" if limit.window in _PERIODS_MS else "window"
