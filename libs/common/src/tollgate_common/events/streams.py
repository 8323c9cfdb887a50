"""Redis Streams: publish to all, or consume as a group.

A change is published to `events:<type>`, capped in length, for every process that listens.
A consumer group shares its entries out: each is handled by one consumer, acknowledged and deleted
after the handler has returned, and claimed by another when its consumer has died.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from redis import Redis
from redis.exceptions import RedisError, ResponseError

from tollgate_common.logging import get_logger
from tollgate_common.metrics import dependency_failures, events_published

FIELD = "event"
STREAM_PREFIX = "events:"
KEPT_CHANGES = 100_000
BLOCK_MS = 1000
CLAIM_IDLE_MS = 30_000
CLAIM_EVERY_SECONDS = 10.0
GATHER_SECONDS = 0.1
BACKOFF_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0)

log = get_logger(__name__)


class Entry(NamedTuple):
    """One message of a stream. `raw` is the event's JSON."""

    stream: str
    id: str
    raw: bytes


def stream_of(kind: str) -> str:
    return f"{STREAM_PREFIX}{kind}"


def publish(redis: Redis, kind: str, event: bytes) -> None:
    """Tell every listener of this type."""
    redis.xadd(stream_of(kind), {FIELD: event}, maxlen=KEPT_CHANGES, approximate=True)
    events_published.labels(kind).inc()


def follow(
    redis: Redis, kinds: Sequence[str], stop: threading.Event, since_seconds: float = 0
) -> Iterator[tuple[str, bytes]]:
    """Every event of the types, with its type, for one process, from `since_seconds` ago on. With
    Redis away it waits and goes on after the last event seen, so that none is missed."""
    start, failures = f"{int((time.time() - since_seconds) * 1000)}-0", 0
    last: dict[Any, Any] = {stream_of(kind): start for kind in kinds}
    while not stop.is_set():
        try:
            answer = redis.xread(last, count=100, block=BLOCK_MS)
            failures = 0
        except RedisError:
            failures = _wait(failures, stop)
            continue
        for stream, entries in _pairs(answer):
            name = _text(stream)
            for entry_id, fields in entries:
                last[name] = entry_id
                yield name.removeprefix(STREAM_PREFIX), _raw(fields)


class GroupConsumer:
    """One consumer of a group over several streams. After a batch that was not full it lets the
    next gather for a moment: a batch costs far more than an entry of it."""

    def __init__(
        self, redis: Redis, streams: Sequence[str], group: str, name: str, batch: int = 500
    ) -> None:
        self._redis = redis
        self._streams = tuple(streams)
        self._group = group
        self._name = name
        self._batch = batch
        self._claimed_at = 0.0

    def run(self, handle: Callable[[list[Entry]], None], stop: threading.Event) -> None:
        """Hand batches to `handle` until told to stop. What `handle` raises leaves its batch
        pending: it is taken up again, first thing, after a pause."""
        failures, start = 0, "0"
        while not stop.is_set():
            try:
                entries = self._next(start)
                if entries:
                    handle(entries)
                    self._done(entries)
                start = ">" if start == "0" and not entries else start
                failures = 0
                if 0 < len(entries) < self._batch:
                    stop.wait(GATHER_SECONDS)
            except Exception as error:  # nothing may end the consumer
                log.warning("batch_failed", group=self._group, error=type(error).__name__,
                            exc_info=None if isinstance(error, RedisError) else error)  # fmt: skip
                dependency_failures.labels(f"consumer_{self._group}").inc()
                failures, start = _wait(failures, stop), "0"

    def _next(self, start: str) -> list[Entry]:
        """Own pending entries from "0", claimed ones now and then, new ones from ">"."""
        if time.monotonic() - self._claimed_at > CLAIM_EVERY_SECONDS:
            self._create_groups()
            claimed = self._claim()
            self._claimed_at = time.monotonic()
            if claimed:
                return claimed
        block = BLOCK_MS if start == ">" else None
        answer = self._redis.xreadgroup(
            self._group, self._name, dict.fromkeys(self._streams, start),
            count=self._batch, block=block,
        )  # fmt: skip
        return [
            Entry(_text(stream), _text(entry_id), _raw(fields))
            for stream, entries in _pairs(answer)
            for entry_id, fields in entries
        ]

    def _claim(self) -> list[Entry]:
        entries: list[Entry] = []
        for stream in self._streams:
            answer = self._redis.xautoclaim(
                stream, self._group, self._name, CLAIM_IDLE_MS, count=self._batch
            )
            entries += [Entry(stream, _text(i), _raw(fields)) for i, fields in answer[1] if fields]
        return entries

    def _create_groups(self) -> None:
        """From the beginning of each stream: what was there before the first consumer counts."""
        for stream in self._streams:
            try:
                self._redis.xgroup_create(stream, self._group, id="0", mkstream=True)
            except ResponseError as error:
                if not str(error).startswith("BUSYGROUP"):
                    raise

    def _done(self, entries: list[Entry]) -> None:
        pipeline = self._redis.pipeline(transaction=False)
        for entry in entries:
            pipeline.xack(entry.stream, self._group, entry.id)
            pipeline.xdel(entry.stream, entry.id)
        pipeline.execute()


def _wait(failures: int, stop: threading.Event) -> int:
    stop.wait(BACKOFF_SECONDS[min(failures, len(BACKOFF_SECONDS) - 1)])
    return failures + 1


def _pairs(answer: Any) -> list[tuple[Any, Any]]:
    """Streams with their entries, in the shape of either protocol version of Redis."""
    if isinstance(answer, dict):
        return [(stream, entries[0] if entries else []) for stream, entries in answer.items()]
    return list(answer or [])


def _raw(fields: Any) -> bytes:
    value = (fields or {}).get(FIELD.encode(), (fields or {}).get(FIELD, b""))
    return value.encode() if isinstance(value, str) else bytes(value)


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
