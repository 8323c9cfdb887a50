"""What Redis holds of Idempotency-Keys, for how long, and what without it."""

import time
from typing import Any

import msgspec
import pytest
from redis.exceptions import RedisError

from tests.common.cluster import cluster
from tests.gateway.answering import BODY, CALLER, PATH, SAID, Stand, sent
from tollgate_common import stores
from tollgate_common.embedded.process import free_port
from tollgate_gateway.idempotency.places import place_of
from tollgate_gateway.idempotency.repository import KEPT_MS, LEASE_MS, Claim, KeyRepository


def test_a_claim_ends_with_its_lease_unless_it_is_renewed(stand: Stand, redis_client: Any) -> None:
    running = stand.begin()
    (entry,) = redis_client.keys("idempotency:*")
    redis_client.pexpire(entry, 1000)
    stand.service.renew()
    assert LEASE_MS - 5000 < redis_client.pttl(entry) <= LEASE_MS
    redis_client.delete(entry)  # as it would at the end of its lease
    stand.ask()
    assert stand.ran == 2
    stand.service.renew()
    assert redis_client.pttl(entry) > KEPT_MS - 60_000
    assert sent(running) == SAID
    assert stand.ask()[2]["original-request"] == "req_2"


def test_who_has_lost_a_key_takes_it_from_nobody(stand: Stand, redis_client: Any) -> None:
    lost = Claim(place_of(CALLER, PATH, BODY, {"HTTP_IDEMPOTENCY_KEY": "k"}), "lost")
    other = Claim(lost.place, "other")
    assert stand.keys.claim(lost, "req_lost") is None
    redis_client.flushdb()
    assert stand.keys.claim(other, "req_other") is None
    stand.keys.free(lost)
    assert not stand.keys.keep(lost, b"x")
    found = stand.keys.claim(lost, "again")
    assert found is not None
    assert (found.request_id, found.is_running) == ("req_other", True)


def test_answers_are_kept_for_a_day(stand: Stand, redis_client: Any) -> None:
    stand.ask()
    names = [name.decode() for name in redis_client.keys("idempotency:*")]
    assert len(names) == 3
    ends: list[Any] = [redis_client.pttl(name) for name in names]
    assert all(KEPT_MS - 60_000 < end <= KEPT_MS for end in ends)


def test_the_oldest_answers_make_room(redis_client: Any) -> None:
    stand = Stand(redis_client, largest=5000)
    for number in range(20):
        stand.ask(str(number))
    replays = [number for number in range(19, -1, -1) if _is_replayed(stand, str(number))]
    assert 2 <= len(replays) < 10
    assert replays[0] == 19
    assert replays == list(range(19, 19 - len(replays), -1))


def _is_replayed(stand: Stand, key: str) -> bool:
    ran = stand.ran
    claim = Claim(place_of(CALLER, PATH, BODY, {"HTTP_IDEMPOTENCY_KEY": key}), "reader")
    found = stand.keys.claim(claim, "reader")
    if found is None:
        stand.keys.free(claim)
    return found is not None and stand.ran == ran


def test_the_room_of_one_organisation_is_not_anothers(redis_client: Any) -> None:
    stand = Stand(redis_client, largest=3000)
    stand.ask("mine")
    for number in range(20):
        stand.ask(str(number), who=msgspec.structs.replace(CALLER, org="org_2"))
    assert stand.ask("mine")[2]["idempotent-replayed"] == "true"


def test_what_has_ended_takes_no_room(redis_client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    stand = Stand(redis_client)
    stand.ask("old")
    size, tomorrow = _size(redis_client), time.time() + KEPT_MS / 1000 + 1
    monkeypatch.setattr("tollgate_gateway.idempotency.repository.time.time", lambda: tomorrow)
    stand.ask("new")
    assert _size(redis_client) == size


def _size(redis: Any) -> int:
    (name,) = redis.keys("idempotency:*:bytes")
    return int(redis.get(name))


def test_redis_has_nothing_of_it_to_read(stand: Stand, redis_client: Any) -> None:
    stand.ask("customer-4711")
    dumped = b"".join(name + redis_client.dump(name) for name in redis_client.keys("*"))
    assert b"customer-4711" not in dumped
    assert b"secret of the model" not in dumped
    (entry,) = (name for name in redis_client.keys("*") if redis_client.type(name) == b"hash")
    held: Any = redis_client.hgetall(entry)
    assert set(held) == {b"fingerprint", b"request", b"answer"}
    assert SAID not in held[b"answer"]


def test_without_redis_nothing_runs() -> None:
    stand = Stand(stores.connect(f"redis://127.0.0.1:{free_port()}/0"))
    with pytest.raises(RedisError):
        stand.begin()
    assert stand.ran == 0


def test_redis_away_at_the_end_delays_no_answer(stand: Stand) -> None:
    running = stand.begin()
    stand.service._keys = KeyRepository(stores.connect(f"redis://127.0.0.1:{free_port()}/0"), 1)
    assert sent(running) == SAID
    stand.service.renew()
    assert stand.ran == 1


def test_on_a_cluster() -> None:
    with cluster() as url, stores.connect(url) as redis:
        stand = Stand(redis, largest=5000)
        for number in range(4):
            who = msgspec.structs.replace(CALLER, org=f"org_{number}")
            for key in range(10):
                assert stand.ask(str(key), who=who)[0] == 200
            assert stand.ask("9", who=who)[2]["idempotent-replayed"] == "true"
            assert "idempotent-replayed" not in stand.ask("0", who=who)[2]
        running = [
            stand.begin("held", who=msgspec.structs.replace(CALLER, org=f"org_{number}"))
            for number in range(4)
        ]
        stand.service.renew()
        assert [sent(one) for one in running] == [SAID] * 4
