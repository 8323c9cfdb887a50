"""What Redis says of one bucket at one moment: open tickets, counters, events on their way."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
from redis import Redis

from tollgate_common.events.cloudevents import MalformedEvent
from tollgate_common.tickets import Hold
from tollgate_common.tickets.counters import Counted, read_counter
from tollgate_reports.ledger.events import Usage, read_usage

EVENTS_MAX = 50_000
TRIES = 20

_read_hold = msgspec.msgpack.Decoder(Hold).decode


class Snapshot(NamedTuple):
    """`open` holds what each open ticket does; `waiting` is recorded and, at that moment, not yet
    known to be in the ledger."""

    at: datetime
    open: dict[str, Hold]
    counters: dict[str, Counted]
    waiting: list[Usage]


class TooBusy(Exception):
    """Too much happens, or waits, for a picture that holds still."""


def take(redis: Redis, tag: str, counters: Sequence[str]) -> Snapshot:
    """All of it in one transaction. The tickets to read have to be named before: when one has been
    opened in between, it is done again. `TooBusy` if that goes on, or if too many events wait."""
    for _ in range(TRIES):
        named: list[bytes] = redis.zrange(f"tickets:{tag}", 0, -1)  # type: ignore[assignment]
        if int(redis.xlen(f"usage:{tag}")) > EVENTS_MAX:
            break
        pipeline = redis.pipeline(transaction=True)
        pipeline.time()
        pipeline.zrange(f"tickets:{tag}", 0, -1)
        pipeline.xrange(f"usage:{tag}")
        for name in counters:
            pipeline.get(name)
        for ticket in named:
            pipeline.hget(f"ticket:{tag}:{ticket.decode()}", "held")
        (seconds, micros), listed, events, *values = pipeline.execute()
        holds = dict(zip(named, values[len(counters) :], strict=True))
        if set(listed) <= holds.keys():
            found = (read_counter(value) for value in values[: len(counters)])
            return Snapshot(
                at=datetime.fromtimestamp(seconds + micros / 1e6, UTC),
                open={
                    each.decode(): _read_hold(holds[each])
                    for each in listed if holds[each] is not None
                },
                counters=dict(zip(counters, found, strict=True)),
                waiting=[usage for entry in events for usage in _usage(entry)],
            )  # fmt: skip
    raise TooBusy(tag)


def without_lease(redis: Redis, tag: str) -> list[str]:
    """Tickets that are open and would never be found by the reaper."""
    found = []
    for name in redis.scan_iter(f"ticket:{_literally(tag)}:*", count=1000):
        ticket = name.decode().rpartition(":")[2]
        pipeline = redis.pipeline(transaction=True)
        pipeline.exists(name)
        pipeline.zscore(f"tickets:{tag}", ticket)
        there, lease = pipeline.execute()
        if there and lease is None:
            found.append(ticket)
    return found


def _literally(tag: str) -> str:
    return tag.replace("{", "[{]").replace("}", "[}]")


def _usage(entry: Any) -> list[Usage]:
    """None of an event that is none: it will be parked."""
    try:
        return [read_usage(entry[1][b"event"])]
    except (MalformedEvent, KeyError):
        return []
