"""Opening, renewing and closing tickets: one call to Redis each.

Redis away means no ticket and so no call: every method raises redis-py's `RedisError`, which the
services answer with 503.
"""

import time
import zlib
from collections.abc import Iterable, Sequence
from importlib import resources
from typing import Any, NamedTuple

import msgspec
from redis import Redis

from tollgate_common.events.cloudevents import schema_name, timestamp
from tollgate_common.tickets.models import Attribution, Outcome, Reservation
from tollgate_common.tickets.together import SharedScript, Together
from tollgate_common.tickets.wire import Wire

BUCKETS = 16
LEASE_SECONDS = 120.0
USAGE = "usage.recorded"


class Refusal(NamedTuple):
    """The limit that refused, what is left of it, and the ms until the request could pass (None:
    never by waiting)."""

    reservation: Reservation
    remaining: int
    reset_ms: int | None


class LimitState(NamedTuple):
    """A limit after the ticket was opened: what is left, and the ms until it is whole again."""

    reservation: Reservation
    remaining: int
    reset_ms: int | None


def bucket(org: str) -> str:
    """The hash tag of everything that belongs to an organisation: `{b07}`. On a Redis Cluster the
    keys of one bucket are on one node, so that one script may touch them."""
    return f"{{b{zlib.crc32(org.encode()) % BUCKETS:02d}}}"


def usage_streams() -> list[str]:
    """The streams that usage events arrive on, one a bucket."""
    return [f"usage:{{b{number:02d}}}" for number in range(BUCKETS)]


class TicketBook:
    """The open tickets in Redis. `source` names the service that writes usage events."""

    def __init__(self, redis: Redis, source: str) -> None:
        self._redis = redis
        self._source = source
        scripts = resources.files(__package__)
        together = Together(Wire(redis))
        self._open = SharedScript(scripts.joinpath("open.lua").read_bytes(), together)
        self._close = SharedScript(scripts.joinpath("close.lua").read_bytes(), together)

    def open(
        self, ticket: Attribution, reservations: Sequence[Reservation]
    ) -> Refusal | list[LimitState]:
        """Reserve on every limit, or on none and say which refused."""
        tag = bucket(ticket.org)
        keys = [f"ticket:{tag}:{ticket.id}", f"tickets:{tag}"]
        arguments: list[Any] = [
            ticket.id,
            msgspec.json.encode(ticket),
            int(LEASE_SECONDS * 1000),
            msgspec.json.encode(reservations) if reservations else b"[]",
        ]
        for held in reservations:
            keys.append(held.counter)
            arguments += [
                held.kind, held.max, held.amount, int(held.enforce),
                held.period_ms, held.expires_at_ms,
            ]  # fmt: skip
        answer = self._open(keys=keys, args=arguments)
        if not answer[0]:
            return Refusal(reservations[answer[1] - 1], int(answer[2]), _ms(answer[3]))
        states = zip(reservations, answer[1:], strict=False)
        return [LimitState(held, int(left), _ms(reset)) for held, (left, reset) in states]

    def close(self, org: str, ticket_id: str, outcome: Outcome) -> bool:
        """Book what was used. True for the one close that did it, False for every other."""
        return self._run_close(org, ticket_id, outcome, as_reserved=False, leased_before="")

    def lose(
        self, org: str, ticket_id: str, outcome: Outcome, leased_before_ms: int | None = None
    ) -> bool:
        """Book a ticket whose owner died at what it had reserved; given a moment (ms), only if
        its lease ended before that."""
        before = "" if leased_before_ms is None else str(leased_before_ms)
        return self._run_close(org, ticket_id, outcome, as_reserved=True, leased_before=before)

    def renew(self, tickets: Iterable[tuple[str, str]]) -> None:
        """Extend the leases of those that are still open: organisations, and ids. However many,
        it is one call, with a command for each bucket."""
        until = int((time.time() + LEASE_SECONDS) * 1000)
        leases: dict[str, dict[Any, int]] = {}
        for org, ticket_id in tickets:
            leases.setdefault(f"tickets:{bucket(org)}", {})[ticket_id] = until
        if leases:
            pipeline = self._redis.pipeline(transaction=False)
            for listing, members in leases.items():
                pipeline.zadd(listing, members, xx=True)
            pipeline.execute()

    def expired(self, tag: str, now_ms: int, limit: int = 100) -> list[str]:
        """Tickets of a bucket whose lease ended before `now_ms`."""
        found: list[Any] = self._redis.zrangebyscore(
            f"tickets:{tag}", "-inf", f"({now_ms}", 0, limit
        )
        return [item.decode() for item in found]

    def read(self, tag: str, ticket_id: str) -> tuple[Attribution, list[Reservation]] | None:
        """An open ticket and what it holds."""
        fields: list[Any] = self._redis.hmget(f"ticket:{tag}:{ticket_id}", "ticket", "reservations")
        if fields[0] is None:
            return None
        return (
            msgspec.json.decode(fields[0], type=Attribution),
            msgspec.json.decode(fields[1], type=list[Reservation]),
        )

    def _run_close(
        self, org: str, ticket_id: str, outcome: Outcome, *, as_reserved: bool, leased_before: str
    ) -> bool:
        tag, closed_at = bucket(org), timestamp()
        tokens = outcome.input_tokens + outcome.output_tokens
        done = self._close(
            keys=[f"ticket:{tag}:{ticket_id}", f"tickets:{tag}", f"usage:{tag}"],
            args=[
                ticket_id, self._envelope(ticket_id, closed_at), msgspec.json.encode(outcome),
                closed_at, 1, tokens, outcome.cost_nanos, int(as_reserved), leased_before,
            ],
        )  # fmt: skip
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


def _ms(value: Any) -> int | None:
    number = int(value)
    return None if number < 0 else number
