"""Streams on a real Redis: nothing missed, nothing handled twice once it is acknowledged."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from redis import Redis

from tollgate_common.events import streams
from tollgate_common.events.cloudevents import MalformedEvent, make_event, read_event
from tollgate_common.events.streams import Entry, GroupConsumer, follow, publish, stream_of

CHANGE = {"org": "org_1", "key": "key_1", "key_hash": "0" * 64, "version": 1}
STREAM = "usage:{b00}"


def consume(
    redis: Redis, handle: Callable[[list[Entry]], None], until: Callable[[], bool], name: str = "a"
) -> None:
    stop = threading.Event()
    consumer = GroupConsumer(redis, [STREAM, "usage:{b01}"], "ledger", name)
    thread = threading.Thread(target=consumer.run, args=(handle, stop))
    thread.start()
    deadline = time.monotonic() + 10
    while not until() and time.monotonic() < deadline:
        time.sleep(0.01)
    stop.set()
    thread.join()
    assert until()


def pending(redis: Redis) -> int:
    found: Any = redis.xpending(STREAM, "ledger")
    return int(found["pending"])


def test_an_event_survives_the_way_and_its_data_is_checked() -> None:
    event = read_event(make_event("key.changed", "auth", CHANGE, "key_1"))
    assert event["data"] == CHANGE
    assert event["subject"] == "key_1"
    with pytest.raises(MalformedEvent, match="version"):
        make_event("key.changed", "auth", CHANGE | {"version": 0})


@pytest.mark.parametrize(
    "raw",
    [b"", b"{}", b"[]", b"\xff", b'{"specversion":"1.0"}', b'"x"', b'["\xff"]', b"[" * 9999],
)
def test_what_is_no_event_is_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedEvent):
        read_event(raw)


def test_entries_from_before_the_consumer_are_handled_and_deleted(redis_client: Redis) -> None:
    for number in range(3):
        redis_client.xadd(STREAM, {"event": str(number)})
    seen: list[bytes] = []
    consume(
        redis_client,
        lambda entries: seen.extend(entry.raw for entry in entries),
        lambda: redis_client.xlen(STREAM) == 0,
    )
    assert seen == [b"0", b"1", b"2"]


def test_a_batch_that_fails_is_taken_up_again(redis_client: Redis) -> None:
    redis_client.xadd(STREAM, {"event": "1"})
    attempts: list[int] = []

    def handle(entries: list[Entry]) -> None:
        attempts.append(len(entries))
        if len(attempts) < 3:
            raise RuntimeError("the database is away")

    consume(redis_client, handle, lambda: redis_client.xlen(STREAM) == 0)
    assert attempts == [1, 1, 1]


def test_a_dead_consumers_entries_are_claimed(
    redis_client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "CLAIM_IDLE_MS", 0)
    redis_client.xgroup_create(STREAM, "ledger", id="0", mkstream=True)
    redis_client.xadd(STREAM, {"event": "1"})
    redis_client.xreadgroup("ledger", "dead", {STREAM: ">"})
    seen: list[bytes] = []
    consume(
        redis_client,
        lambda entries: seen.extend(entry.raw for entry in entries),
        lambda: redis_client.xlen(STREAM) == 0,
        name="living",
    )
    assert seen == [b"1"]


def test_what_was_handed_out_in_an_answer_that_got_lost_is_handled_soon(
    redis_client: Redis,
) -> None:
    seen: list[bytes] = []

    def handle(entries: list[Entry]) -> None:
        seen.extend(entry.raw for entry in entries)
        if seen == [b"1"]:  # as if the next read's answer never came, and it was read again
            redis_client.xadd(STREAM, {"event": "2"})
            redis_client.xreadgroup("ledger", "a", {STREAM: ">"})
            redis_client.xadd(STREAM, {"event": "3"})

    redis_client.xadd(STREAM, {"event": "1"})
    consume(redis_client, handle, lambda: redis_client.xlen(STREAM) == 0)
    assert sorted(seen) == [b"1", b"2", b"3"]
    assert pending(redis_client) == 0


def test_what_was_deleted_and_not_acknowledged_is_acknowledged_and_not_handled(
    redis_client: Redis,
) -> None:
    redis_client.xgroup_create(STREAM, "ledger", id="0", mkstream=True)
    handled = redis_client.xadd(STREAM, {"event": "handled"})
    redis_client.xreadgroup("ledger", "a", {STREAM: ">"})
    redis_client.xdel(STREAM, handled)
    redis_client.xadd(STREAM, {"event": "new"})
    seen: list[bytes] = []
    consume(
        redis_client,
        lambda entries: seen.extend(entry.raw for entry in entries),
        lambda: redis_client.xlen(STREAM) == 0 and pending(redis_client) == 0,
    )
    assert seen == [b"new"]


def test_groups_that_went_away_are_made_again(redis_client: Redis) -> None:
    seen: list[bytes] = []

    def handle(entries: list[Entry]) -> None:
        if not seen:
            redis_client.flushdb()
            redis_client.xadd(STREAM, {"event": "2"})
        seen.extend(entry.raw for entry in entries)

    redis_client.xadd(STREAM, {"event": "1"})
    consume(redis_client, handle, lambda: len(seen) > 1 and redis_client.xlen(STREAM) == 0)
    assert seen == [b"1", b"2"]


def test_a_follower_hears_what_was_published_shortly_before_it_began(redis_client: Redis) -> None:
    event = make_event("key.changed", "auth", CHANGE)
    publish(redis_client, "key.changed", event)
    stop = threading.Event()
    heard = follow(redis_client, ("user.changed", "key.changed"), stop, since_seconds=60)
    assert next(heard) == ("key.changed", event)
    stop.set()
    assert redis_client.xlen(stream_of("key.changed")) == 1
