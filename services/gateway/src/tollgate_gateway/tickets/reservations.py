"""From a principal's limits to what a request must reserve on each."""

import time
from fnmatch import fnmatchcase
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
    return [
        limit
        for limit in principal.limits
        if any(fnmatchcase(model, pattern) for pattern in limit.models)
    ]


def reserve(principal: Principal, limit: Limit, bound: UpperBound) -> Held:
    """What the request holds on this limit while it runs."""
    amounts = {
        "requests": 1,
        "concurrency": 1,
        "tokens": bound.tokens,
        "cost_usd": bound.cost_nanos or 0,
    }
    counter = f"limit:{bucket(principal.org)}:{limit.id}:{principal.mode}"
    maximum = to_nanos(limit.max) if limit.metric == "cost_usd" else int(limit.max)
    amount = amounts[limit.metric]
    enforce = limit.mode == "enforce"
    if limit.metric == "concurrency":
        return Held(limit, Reservation(
            limit=limit.id, counter=counter, kind="gauge", metric="concurrency",
            max=maximum, amount=amount, enforce=enforce,
        ))  # fmt: skip
    if limit.window in _PERIODS_MS:
        return Held(limit, Reservation(
            limit=limit.id, counter=counter, kind="bucket", metric=limit.metric,  # type: ignore[arg-type]
            max=maximum, amount=amount, enforce=enforce, period_ms=_PERIODS_MS[limit.window],
        ))  # fmt: skip
    window = window_at(limit.window, limit.timezone, int(time.time() * 1000))
    return Held(limit, Reservation(
        limit=limit.id, counter=f"{counter}:{window.name}", kind="window", metric=limit.metric,  # type: ignore[arg-type]
        max=maximum, amount=amount, enforce=enforce, expires_at_ms=window.ends_at_ms,
    ))  # fmt: skip
