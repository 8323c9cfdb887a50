"""Opens a ticket for a request, or says which limit refuses it."""

from dataclasses import replace
from typing import NamedTuple

from redis.exceptions import RedisError

from tollgate_common.errors import DependencyDown, TollgateError
from tollgate_common.events.cloudevents import timestamp
from tollgate_common.ids import new_uuid
from tollgate_common.metrics import (
    dependency_failures,
    labelled,
    tickets_opened,
    tickets_refused,
)
from tollgate_common.principal import Limit, Principal
from tollgate_common.request_ids import RequestIds
from tollgate_common.tickets import Attribution, Hold, LimitState, Outcome, Refusal, TicketBook
from tollgate_gateway.inference.errors import UnreadableBody
from tollgate_gateway.parsed_requests.input_bound import UNREADABLE
from tollgate_gateway.parsed_requests.parsed_request import ParsedRequest
from tollgate_gateway.tickets.bounds import Bounds
from tollgate_gateway.tickets.errors import (
    LimitExceeded,
    LimitTooSmall,
    UnboundedFee,
    UnboundedUse,
    UnpricedFee,
    UnpricedModel,
)
from tollgate_gateway.tickets.lost import lost_outcome
from tollgate_gateway.tickets.reservations import Held, applicable, reserve
from tollgate_gateway.tickets.upper_bound import UpperBound

_BOUNDED = frozenset({"tokens", "cost_usd"})


class Asked(NamedTuple):
    """A request as far as its ticket is concerned."""

    ids: RequestIds
    endpoint: str
    dialect: str
    parsed: ParsedRequest
    body: bytes
    tags: dict[str, str]


class Open(NamedTuple):
    """An open ticket, what it holds, and the state of the limits it passed. `max_output`: the cap
    to be set for it, where a limit that enforces applies and nothing else bounds the output."""

    ticket: Attribution
    hold: Hold
    limits: list[LimitState]
    max_output: int | None = None


class TicketOffice:
    """Redis away means no ticket, and so no call: `DependencyDown`, counted."""

    def __init__(self, book: TicketBook, bounds: Bounds) -> None:
        self._book = book
        self._bounds = bounds

    def open(self, principal: Principal, asked: Asked) -> Open:
        limits = applicable(principal, asked.parsed.model) if principal.limits else []
        bound = self._bound(principal, limits, asked)
        held = [reserve(principal, limit, bound) for limit in limits]
        ticket = _attribution(principal, asked)
        hold = Hold(bound.booked(), [item.reservation for item in held])
        try:
            answer = self._book.open(ticket, hold.reservations, hold.bound)
        except RedisError:
            dependency_failures.labels("redis").inc()
            raise DependencyDown("Redis") from None
        if isinstance(answer, Refusal):
            raise _refusal(answer, held)
        labelled(tickets_opened, principal.mode).inc()
        return Open(ticket, hold, answer, bound.cap)

    def abandon(self, opened: Open, error: str, *, used: bool) -> None:
        """Book what llm did not live to book: as lost when it may have called the provider, else
        as an error that cost nothing. Redis away: the reaper will."""
        ticket, hold = opened.ticket, opened.hold
        try:
            if used:
                lost = lost_outcome(ticket.model, hold.bound, error)
                self._book.lose(ticket.org, ticket.id, lost, hold.counters())
            else:
                refused = Outcome(status="provider_error", http_status=503, error=error)
                self._book.close(ticket.org, ticket.id, refused, hold.counters())
        except RedisError:
            dependency_failures.labels("redis").inc()

    def _bound(self, principal: Principal, limits: list[Limit], asked: Asked) -> UpperBound:
        by_use = [limit for limit in limits if limit.metric in _BOUNDED]
        if not by_use:
            estimate = self._bounds.estimate(principal, asked.parsed, len(asked.body))
            return replace(estimate, cap=None)
        bound = self._bounds.bound(principal, asked.parsed, asked.body)
        enforced = {limit.metric for limit in by_use if limit.mode == "enforce"}
        if not enforced:
            return replace(bound, cap=None)
        if not bound.holds:
            raise _unbounded(asked.parsed.model, bound.field)
        if "cost_usd" in enforced:
            _require_cost(bound, asked.parsed.model)
        return bound


def _require_cost(bound: UpperBound, model: str) -> None:
    """Refuse, by the part of it that is in the way, a request whose cost nobody can bound."""
    if bound.cost_nanos is None:
        raise UnpricedModel(model)
    if bound.unbounded_fee:
        raise UnboundedFee(bound.unbounded_fee)
    if bound.unpriced_fee:
        raise UnpricedFee(bound.unpriced_fee)


def _unbounded(model: str, field: str) -> TollgateError:
    return UnreadableBody() if field == UNREADABLE else UnboundedUse(model, field)


def _attribution(principal: Principal, asked: Asked) -> Attribution:
    return Attribution(
        id=new_uuid(),
        request_id=asked.ids.own,
        client_request_id=asked.ids.client,
        org=principal.org,
        project=principal.project,
        key=principal.key,
        user=principal.user,
        mode=principal.mode,
        endpoint=asked.endpoint,
        dialect=asked.dialect,
        model=asked.parsed.model,
        stream=asked.parsed.streams(),
        tags=asked.tags,
        opened_at=timestamp(),
    )


def _refusal(refusal: Refusal, held: list[Held]) -> LimitExceeded | LimitTooSmall:
    limit = next(item.limit for item in held if item.reservation is refusal.reservation)
    tickets_refused.labels(limit.metric).inc()
    if refusal.never_fits:
        return LimitTooSmall(limit, refusal.remaining, refusal.reservation.amount)
    return LimitExceeded(limit, refusal.remaining, refusal.reset_ms)
