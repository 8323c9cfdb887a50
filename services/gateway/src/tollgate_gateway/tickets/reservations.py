"""From a principal's limits to what a request must reserve on each."""

from typing import NamedTuple

from tollgate_common.principal import Limit, Principal, covers
from tollgate_common.tickets import Bound, Reservation
from tollgate_common.tickets.limits import reservation


class UpperBound(NamedTuple):
    """The most that a request can use: tokens of input and output, and nano-dollars. None for
    the cost: the model has no known price. `holds`: whether it is a bound at all; else it is what
    such a request may well use, and nothing that may refuse can go by it. `cap`: the output tokens
    of each answer that the provider has to be told, because nothing else bounds them. `what`: the
    part of the request that is beyond its bytes."""

    tokens: int
    cost_nanos: int | None
    holds: bool = True
    cap: int | None = None
    what: str = ""

    def booked(self) -> Bound:
        """What the ticket is worth if nobody lives to close it."""
        return Bound(self.tokens, self.cost_nanos or 0)


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
