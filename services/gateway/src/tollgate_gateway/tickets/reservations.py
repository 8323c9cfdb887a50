"""From a principal's limits to what a request must reserve on each."""

import time
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import NamedTuple

from tollgate_common.money import to_nanos
from tollgate_common.principal import Limit, Principal
from tollgate_common.tickets import Reservation, bucket
from tollgate_gateway.tickets.windows import window_at

_PERIODS_MS = {"minute": 60_000, "hour": 3_600_000}


class UpperBound(NamedTuple):
    """The most that a request can use: tokens of input and output, and nano-dollars. None for
    the cost: the model has no known price. `holds`: whether it is a bound at all; else it is what
    such a request may well use, and nothing that may refuse can go by it."""

    tokens: int
    cost_nanos: int | None
    holds: bool = True


class Held(NamedTuple):
    """A limit together with what is reserved on it."""

    limit: Limit
    reservation: Reservation


def applicable(principal: Principal, model: str) -> list[Limit]:
    """The limits that bind this model. Order is the principal's."""
    return [limit for limit in principal.limits if _covers(limit.models, model)]


@lru_cache(maxsize=10_000)
def _covers(patterns: tuple[str, ...], model: str) -> bool:
    return any(fnmatchcase(model, pattern) for pattern in patterns)


def reserve(principal: Principal, limit: Limit, bound: UpperBound) -> Held:
    """What the request holds on this limit while it runs."""
    blank = _blank(principal.org, principal.mode, limit)
    counter, ends_at_ms = blank.counter, 0
    if blank.kind == "window":
        window = window_at(limit.window, limit.timezone, int(time.time() * 1000))
        counter, ends_at_ms = f"{counter}:{window.name}", window.ends_at_ms
    return Held(limit, Reservation(
        limit=blank.limit, counter=counter, kind=blank.kind, metric=blank.metric, max=blank.max,
        amount=_amount(limit.metric, bound), enforce=blank.enforce,
        period_ms=blank.period_ms, expires_at_ms=ends_at_ms,
    ))  # fmt: skip


def _amount(metric: str, bound: UpperBound) -> int:
    if metric == "tokens":
        return bound.tokens
    return bound.cost_nanos or 0 if metric == "cost_usd" else 1


@lru_cache(maxsize=10_000)
def _blank(org: str, mode: str, limit: Limit) -> Reservation:
    """What is the same in every reservation on a limit."""
    is_gauge = limit.metric == "concurrency"
    period_ms = 0 if is_gauge else _PERIODS_MS.get(limit.window, 0)
    kind = "gauge" if is_gauge else "bucket" if period_ms else "window"
    return Reservation(
        limit=limit.id, counter=f"limit:{bucket(org)}:{limit.id}:{mode}", kind=kind,  # type: ignore[arg-type]
        metric=limit.metric,  # type: ignore[arg-type]
        max=to_nanos(limit.max) if limit.metric == "cost_usd" else int(limit.max),
        amount=0, enforce=limit.mode == "enforce", period_ms=period_ms,
    )  # fmt: skip
