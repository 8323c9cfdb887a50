"""From a principal's limits to what a request must reserve on each."""

from typing import NamedTuple

from tollgate_common.principal import Limit, Principal, covers
from tollgate_common.tickets import Reservation
from tollgate_common.tickets.limits import reservation
from tollgate_gateway.tickets.upper_bound import UpperBound


class Held(NamedTuple):
    """A limit together with what is reserved on it."""

    limit: Limit
    reservation: Reservation


def applicable(principal: Principal, model: str) -> list[Limit]:
    """The limits that bind this model. Order is the principal's."""
    return [limit for limit in principal.limits if covers(limit.models, model)]


def reserve(principal: Principal, limit: Limit, bound: UpperBound) -> Held:
    """What the request holds on this limit while it runs."""
    amount = _amount(limit.metric, bound)
    return Held(limit, reservation(principal.org, principal.mode, limit, amount))


def _amount(metric: str, bound: UpperBound) -> int:
    if metric == "tokens":
        return bound.tokens
    return bound.cost_nanos or 0 if metric == "cost_usd" else 1
