"""Tickets, limits and usage events on a real Redis Cluster of three nodes."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from redis import Redis
from redis.cluster import RedisCluster

from tests.common.cluster import NODES, cluster
from tollgate_common import stores
from tollgate_common.events.cloudevents import read_event, timestamp
from tollgate_common.events.streams import Entry, GroupConsumer, follow, publish, stream_of
from tollgate_common.ids import new_uuid
from tollgate_common.principal import Limit, Subject
from tollgate_common.refusal_counts import RefusalBook, Refused, quarter_of
from tollgate_common.tickets import (
    Attribution,
    Bound,
    Outcome,
    Refusal,
    Reservation,
    TicketBook,
    bucket,
    buckets,
    usage_streams,
)
from tollgate_common.tickets.counts import LimitCounts
from tollgate_common.tickets.limits import reservation

GIVE_UP_SECONDS = 30
KINDS = (
    ("requests", "minute"), ("requests", "day"), ("tokens", "hour"), ("tokens", "total"),
    ("cost_usd", "month"), ("concurrency", "total"),
)  # fmt: skip


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with cluster() as found:
        yield found


@pytest.fixture
def redis(url: str) -> Iterator[Redis]:
    client = stores.connect(url)
    assert isinstance(client, RedisCluster)
    client.flushall(target_nodes=RedisCluster.PRIMARIES)
    yield client
    client.close()


def orgs() -> list[str]:
    """One in each bucket."""
    found = {bucket(f"org_{number}"): f"org_{number}" for number in range(1000)}
    assert set(found) == set(buckets())
    return list(found.values())


def ticket(org: str) -> Attribution:
    return Attribution(
        id=new_uuid(), request_id="req_1", org=org, mode="live", stream=False, dialect="openai",
        endpoint="/v1/chat/completions", model="m", opened_at=timestamp(),
    )  # fmt: skip


def limits(org: str, maximum: str = "20") -> list[Reservation]:
    return [
        reservation(org, "live", Limit(f"lim_{metric}_{window}", Subject("org", org), metric,
                                       window, maximum), 1)
        for metric, window in KINDS
    ]  # fmt: skip


def test_the_buckets_are_on_every_node(redis: Any) -> None:
    nodes = {redis.get_node_from_key(stream).name for stream in usage_streams()}
    assert len(nodes) == NODES


def test_tickets_of_every_bucket_open_and_close(redis: Redis) -> None:
    gateway, llm, counts = (
        TicketBook(redis, "gateway"),
        TicketBook(redis, "llm"),
        LimitCounts(redis),
    )
    used = Outcome(status="ok", input_tokens=3, cost_nanos=5)
    for org in orgs():
        held, opened = limits(org), ticket(org)
        assert len(gateway.open(opened, held, Bound(1, 1))) == len(held)
        assert llm.close(org, opened.id, used)
        assert not llm.close(org, opened.id, used)
        assert [count.used for count in counts.of(held)] == [1, 1, 3, 3, 5, 0]
        assert [count.reserved for count in counts.of(held)] == [0] * len(held)


def test_concurrent_callers_get_exactly_what_their_limits_hold(redis: Redis) -> None:
    """They share batches, whose commands are for different nodes."""
    book = TicketBook(redis, "gateway")
    with ThreadPoolExecutor(32) as threads:
        opened = list(threads.map(lambda org: (org, book.open(ticket(org), limits(org, "3"))),
                                  orgs() * 6))  # fmt: skip
    passed = [org for org, answer in opened if not isinstance(answer, Refusal)]
    assert sorted(passed) == sorted(orgs() * 3)


def test_refusals_of_every_bucket_are_counted_and_kept(redis: Redis) -> None:
    book = RefusalBook(redis)
    for org in orgs():
        quarter = quarter_of(org, time.time())
        book.add(quarter, "w", 1, {Refused(None, None, "usr_1", "m", "live", "code"): 2})
        [(changed, version)] = book.changed(bucket(org)).items()
        assert changed == quarter
        assert list(book.counts(quarter).values()) == [2]
        book.settle(quarter, version)
        assert not book.changed(bucket(org))


def test_leases_are_renewed_and_what_is_lost_is_found(redis: Redis) -> None:
    book = TicketBook(redis, "gateway")
    opened = {org: ticket(org) for org in orgs()}
    for org, each in opened.items():
        book.open(each, limits(org), Bound(7, 9))
        redis.zadd(f"tickets:{bucket(org)}", {each.id: 1})
    assert [book.expired(tag) for tag in buckets()] != [[]] * len(buckets())
    kept = orgs()[0]
    book.renew([(org, each.id) for org, each in opened.items() if org == kept])
    assert book.expired(bucket(kept)) == []
    for org, each in list(opened.items())[1:]:
        found = book.read(bucket(org), each.id)
        assert found is not None
        assert found[1].bound == Bound(7, 9)
        lost = Outcome(status="lost", estimated=True)
        assert book.lose(org, each.id, lost, found[1].counters(), if_expired=True)


def test_a_node_that_broke_its_connections_is_asked_again(redis: Any) -> None:
    book = TicketBook(redis, "gateway")
    for org in orgs():
        assert not isinstance(book.open(ticket(org), []), Refusal)
    for node in redis.get_primaries():
        redis.client_kill_filter(_type="normal", skipme=False, target_nodes=node)
    for org in orgs():
        assert not isinstance(book.open(ticket(org), []), Refusal)


def test_a_consumer_gets_the_usage_events_of_every_bucket(redis: Redis) -> None:
    book, stop = TicketBook(redis, "llm"), threading.Event()
    got: list[str] = []
    expected = set()
    for org in orgs():
        opened = ticket(org)
        book.open(opened, [])
        book.close(org, opened.id, Outcome(status="ok"))
        expected.add(opened.id)

    def take(entries: list[Entry]) -> None:
        got.extend(read_event(entry.raw)["id"] for entry in entries)
        if len(got) >= len(expected):
            stop.set()

    consumer = GroupConsumer(redis, usage_streams(), "ledger", "one")
    thread = threading.Thread(target=consumer.run, args=(take, stop))
    thread.start()
    thread.join(GIVE_UP_SECONDS)
    assert not thread.is_alive()
    assert sorted(got) == sorted(expected)
    assert [redis.xlen(stream) for stream in usage_streams()] == [0] * len(usage_streams())


def test_a_follower_hears_of_every_type(redis: Redis) -> None:
    stop = threading.Event()
    kinds = ["key.changed", "user.changed"]
    for kind in kinds:
        publish(redis, kind, kind.encode())
    heard = follow(redis, kinds, stop, since_seconds=60)
    assert sorted(next(heard) for _ in kinds) == [(kind, kind.encode()) for kind in kinds]
    stop.set()
    assert {stream_of(kind) for kind in kinds} == {"events:key.changed", "events:user.changed"}
