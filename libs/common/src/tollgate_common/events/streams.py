"""Redis Streams: publish to all, or consume as a group.

A change is published to `events:<type>`, capped in length, for every process that listens.
A consumer group shares its entries out: each is handled by one consumer, acknowledged and deleted
after the handler has returned, and claimed by another when its consumer has died.

An entry that was handed out and not acknowledged is *pending*, with the consumer that got it. That
happens to the living, too: an answer that Redis gave and nobody received (a connection that broke,
a timeout, after which the client library asks again by itself) is pending with a consumer that
does not know of it. So a consumer looks after what is pending before anything new: at its start,
after each failure, and every two seconds.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from redis import Redis
from redis.exceptions import RedisError, ResponseError

from tollgate_common.events.reading import read
from tollgate_common.logging import get_logger
from tollgate_common.metrics import dependency_failures, events_published

FIELD = "event"
PENDING, NEW = "0", ">"
STREAM_PREFIX = "events:"
KEPT_CHANGES = 100_000
BLOCK_MS = 1000
CLAIM_IDLE_MS = 10_000
CLAIM_EVERY_SECONDS = 2.0
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
            answer = read(
                redis, last, BLOCK_MS,
                lambda client, streams, block: client.xread(streams, count=100, block=block),
            )  # fmt: skip
            failures = 0
        except RedisError:
            failures = _wait(failures, stop)
            continue
        for stream, entries in answer:
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
        self._start = PENDING
        self._has_groups = False
        self._claimed_at: float | None = None

    def run(self, handle: Callable[[list[Entry]], None], stop: threading.Event) -> None:
        """Hand batches to `handle` until told to stop. What `handle` raises leaves its batch
        pending: it is taken up again, first thing, after a pause."""
        failures = 0
        while not stop.is_set():
            try:
                count = self._take(handle)
                failures = 0
                if 0 < count < self._batch:
                    stop.wait(GATHER_SECONDS)
            except Exception as error:  # nothing may end the consumer
                log.warning("batch_failed", group=self._group, error=type(error).__name__,
                            exc_info=None if isinstance(error, RedisError) else error)  # fmt: skip
                dependency_failures.labels(f"consumer_{self._group}").inc()
                self._start, self._has_groups = PENDING, False
                failures = _wait(failures, stop)

    def _take(self, handle: Callable[[list[Entry]], None]) -> int:
        """The next batch, handled and done with; how many entries there were."""
        self._look_after_pending()
        found = self._read()
        entries = [
            Entry(stream, _text(entry_id), _raw(fields))
            for stream, items in found
            for entry_id, fields in items
            if fields  # else it is deleted already, and only its acknowledgement is missing
        ]
        if entries:
            handle(entries)
        if found:
            self._done(found)
        count = sum(len(items) for _, items in found)
        if not count:
            self._start = NEW
        return count

    def _look_after_pending(self) -> None:
        """Now and then: claim what the dead left, then go through all that is pending here."""
        if not self._has_groups:
            self._create_groups()
            self._has_groups = True
        if self._claimed_at is None or time.monotonic() - self._claimed_at > CLAIM_EVERY_SECONDS:
            self._claim()
            self._start, self._claimed_at = PENDING, time.monotonic()

    def _read(self) -> list[tuple[str, list[Any]]]:
        """Each stream with (id, fields) of what comes next."""
        block = BLOCK_MS if self._start == NEW else None
        answer = read(
            self._redis, dict.fromkeys(self._streams, self._start), block,
            lambda client, streams, block: client.xreadgroup(
                self._group, self._name, streams, count=self._batch, block=block
            ),
        )  # fmt: skip
        return [(_text(stream), items) for stream, items in answer if items]

    def _claim(self) -> None:
        """Make our own what has been pending for so long that its consumer must be dead. If it
        is not, both handle the entry: that is what handlers are idempotent for."""
        pipeline = self._redis.pipeline(transaction=False)
        for stream in self._streams:
            pipeline.xautoclaim(
                stream, self._group, self._name, CLAIM_IDLE_MS, count=self._batch, justid=True
            )
        pipeline.execute()

    def _create_groups(self) -> None:
        """From the beginning of each stream: what was there before the first consumer counts."""
        for stream in self._streams:
            try:
                self._redis.xgroup_create(stream, self._group, id="0", mkstream=True)
            except ResponseError as error:
                if not str(error).startswith("BUSYGROUP"):
                    raise

    def _done(self, found: Sequence[tuple[str, list[Any]]]) -> None:
        """Delete, then acknowledge: what is deleted and still pending is found again and
        acknowledged; the other way round it would stay in the stream for good."""
        pipeline = self._redis.pipeline(transaction=False)
        for stream, items in found:
            ids = [entry_id for entry_id, _ in items]
            pipeline.xdel(stream, *ids)
            pipeline.xack(stream, self._group, *ids)
        pipeline.execute()


def _wait(failures: int, stop: threading.Event) -> int:
    stop.wait(BACKOFF_SECONDS[min(failures, len(BACKOFF_SECONDS) - 1)])
    return failures + 1


def _raw(fields: Any) -> bytes:
    value = (fields or {}).get(FIELD.encode(), (fields or {}).get(FIELD, b""))
    return value.encode() if isinstance(value, str) else bytes(value)


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
