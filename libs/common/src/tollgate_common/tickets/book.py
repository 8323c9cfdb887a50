"""Opening, renewing and closing tickets: one call to Redis each.

Redis away means no ticket and so no call: every method raises redis-py's `RedisError`, which the
services answer with 503. Leases go by the clock of Redis.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from tollgate_common.events.cloudevents import schema_name, timestamp
from tollgate_common.tickets.clusters import AnyRedis
from tollgate_common.tickets.keys import bucket
from tollgate_common.tickets.models import UNKNOWN, Attribution, Bound, Hold, Outcome, Reservation
from tollgate_common.tickets.scripts import CLOCK, Scripts

LEASE_SECONDS = 120.0
LEASE_MS = int(LEASE_SECONDS * 1000)
RENEWED_AT_ONCE = 1000
NEVER_FITS = -2
"""The wait that `open.lua` tells of a request that a limit can never hold."""
USAGE = "usage.recorded"


class Refusal(NamedTuple):
    """The limit that refused, what is left of it, and the ms until the request could pass (None:
    never by waiting). `never_fits`: the whole limit is too small for the request."""

    reservation: Reservation
    remaining: int
    reset_ms: int | None
    never_fits: bool = False


class LimitState(NamedTuple):
    """A limit after the ticket was opened: what is left, and the ms until it is whole again."""

    reservation: Reservation
    remaining: int
    reset_ms: int | None


class TicketBook:
    """The open tickets in Redis. `source` names the service that writes usage events."""

    def __init__(self, redis: AnyRedis, source: str, clock: bytes = CLOCK) -> None:
        self._redis = redis
        self._source = source
        scripts = Scripts(redis, clock)
        self._open = scripts.load("counting.lua", "open.lua")
        self._close = scripts.load("counting.lua", "close.lua")
        self._renew = scripts.load("renew.lua")
        self._expired = scripts.load("expired.lua")

    def open(
        self, ticket: Attribution, reservations: Sequence[Reservation], bound: Bound = UNKNOWN
    ) -> Refusal | list[LimitState]:
        """Reserve on every limit, or on none and say which refused."""
        tag = bucket(ticket.org)
        keys = [f"ticket:{tag}:{ticket.id}", f"tickets:{tag}", f"limits:{tag}"]
        keys += [held.counter for held in reservations]
        held = msgspec.msgpack.encode(Hold(bound, reservations))
        answer = self._open(keys, [
            ticket.id, msgspec.json.encode(ticket), LEASE_MS, held, self._source, ticket.opened_at,
        ])  # fmt: skip
        if not answer[0]:
            _, index, left, wait = answer
            return Refusal(reservations[index - 1], left, _ms(wait), wait == NEVER_FITS)
        states = zip(reservations, answer[1:], strict=False)
        return [LimitState(held, left, _ms(reset)) for held, (left, reset) in states]

    def close(
        self, org: str, ticket_id: str, outcome: Outcome, counters: Sequence[str] = ()
    ) -> bool:
        """Book what was used. True for the one close that did it, False for every other.
        `counters` are those of the ticket's hold; not knowing them costs another call."""
        return self._run_close(org, ticket_id, outcome, counters)

    def lose(
        self, org: str, ticket_id: str, outcome: Outcome, counters: Sequence[str] = (), *,
        if_expired: bool = False,
    ) -> bool:  # fmt: skip
        """Book a ticket whose owner died at what it had reserved; if asked to, only when its lease
        has ended."""
        return self._run_close(
            org, ticket_id, outcome, counters, as_reserved=True, if_expired=if_expired
        )

    def renew(self, tickets: Iterable[tuple[str, str]]) -> None:
        """Extend the leases of those that are still open: organisations, and ids."""
        of_bucket: dict[str, list[str]] = {}
        for org, ticket_id in tickets:
            of_bucket.setdefault(bucket(org), []).append(ticket_id)
        for tag, ids in of_bucket.items():
            for start in range(0, len(ids), RENEWED_AT_ONCE):
                some = ids[start : start + RENEWED_AT_ONCE]
                self._renew([f"tickets:{tag}"], [LEASE_MS, *some])

    def expired(self, tag: str, limit: int = 100) -> list[str]:
        """Tickets of a bucket whose lease has ended."""
        return [item.decode() for item in self._expired([f"tickets:{tag}"], [limit])]

    def read(self, tag: str, ticket_id: str) -> tuple[Attribution, Hold] | None:
        """An open ticket and what it holds."""
        fields: list[Any] = self._redis.hmget(f"ticket:{tag}:{ticket_id}", ["ticket", "held"])
        if fields[0] is None:
            return None
        return (
            msgspec.json.decode(fields[0], type=Attribution),
            msgspec.msgpack.decode(fields[1], type=Hold),
        )

    def _run_close(
        self, org: str, ticket_id: str, outcome: Outcome, counters: Sequence[str], *,
        as_reserved: bool = False, if_expired: bool = False,
    ) -> bool:  # fmt: skip
        tag, closed_at = bucket(org), timestamp()
        keys = [f"ticket:{tag}:{ticket_id}", f"tickets:{tag}", f"usage:{tag}", f"limits:{tag}"]
        arguments = [
            ticket_id, self._envelope(ticket_id, closed_at), msgspec.json.encode(outcome),
            closed_at, outcome.input_tokens + outcome.output_tokens, outcome.cost_nanos,
            int(as_reserved), int(if_expired), self._source,
        ]  # fmt: skip
        done = self._close([*keys, *counters], arguments)
        if isinstance(done, list):
            done = self._close([*keys, *(name.decode() for name in done)], arguments)
        return bool(done)

    def _envelope(self, ticket_id: str, closed_at: str) -> bytes:
        """The beginning of the event. Its id is the ticket's: the same usage is the same event."""
        event = {
            "specversion": "1.0",
            "id": ticket_id,
            "source": f"tollgate/{self._source}",
            "type": USAGE,
            "time": closed_at,
            "datacontenttype": "application/json",
            "dataschema": schema_name(USAGE),
        }
        return msgspec.json.encode(event)[:-1]


def _ms(value: int) -> int | None:
    return None if value < 0 else value
