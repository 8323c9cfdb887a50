"""Routes in trouble: left alone, probed, shared between processes."""

import pytest
from redis import Redis

from tollgate_llm.routing import health as health_module
from tollgate_llm.routing.health import FAILURES, LONGEST_SECONDS, SHORTEST_SECONDS, Health

ROUTE = "platform/openai/gpt"


class Clock:
    """Time as the test says."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(health_module, "time", clock)
    return clock


def fail(health: Health, times: int, *, down: bool = True) -> None:
    for _ in range(times):
        health.failed(ROUTE, down=down)


def test_a_route_rests_after_failures_in_a_row(redis_client: Redis, clock: Clock) -> None:
    health = Health(redis_client)
    fail(health, FAILURES - 1)
    health.succeeded(ROUTE, 0.1)
    fail(health, FAILURES - 1)
    assert health.usable(ROUTE)
    fail(health, 1)
    assert not health.usable(ROUTE)
    assert health.is_down(ROUTE)
    assert health.state(ROUTE) == ("down", clock.now + SHORTEST_SECONDS)


def test_after_its_pause_one_probe_goes_through_every_few_seconds(
    redis_client: Redis, clock: Clock
) -> None:
    health = Health(redis_client)
    fail(health, FAILURES)
    clock.now += SHORTEST_SECONDS + 0.1
    assert health.state(ROUTE) == ("probing", None)
    assert [health.usable(ROUTE) for _ in range(3)] == [True, False, False]
    clock.now += health_module.PROBE_SECONDS
    assert health.usable(ROUTE)
    health.succeeded(ROUTE, 0.1)
    assert all(health.usable(ROUTE) for _ in range(3))
    assert health.state(ROUTE) == ("healthy", None)


def test_each_failed_probe_doubles_the_pause_up_to_the_longest(
    redis_client: Redis, clock: Clock
) -> None:
    health, pauses = Health(redis_client), []
    fail(health, FAILURES)
    for _ in range(8):
        pauses.append((health.state(ROUTE)[1] or 0) - clock.now)
        clock.now += pauses[-1] + 1
        assert health.usable(ROUTE)
        fail(health, 1)
    assert pauses == [5, 10, 20, 40, 60, 60, 60, 60]


def test_a_pause_that_is_asked_for_is_given_at_once_within_bounds(
    redis_client: Redis, clock: Clock
) -> None:
    health = Health(redis_client)
    health.failed(ROUTE, pause=7.0)
    assert health.state(ROUTE) == ("resting", clock.now + 7)
    assert not health.is_down(ROUTE)
    health.failed(ROUTE, pause=1e9)
    assert health.state(ROUTE) == ("resting", clock.now + LONGEST_SECONDS)


def test_processes_tell_each_other(redis_client: Redis, clock: Clock) -> None:
    one, other = Health(redis_client), Health(redis_client)
    fail(one, FAILURES)
    other.look()
    assert not other.usable(ROUTE)
    assert other.is_down(ROUTE)
    clock.now += SHORTEST_SECONDS + 1
    assert other.usable(ROUTE)
    other.succeeded(ROUTE, 0.1)
    third = Health(redis_client)
    third.look()
    assert third.usable(ROUTE)


def test_without_redis_each_goes_by_what_it_has_seen(clock: Clock) -> None:
    health = Health(Redis(host="127.0.0.1", port=9))
    fail(health, FAILURES)
    assert not health.usable(ROUTE)


def test_memory_is_bounded(
    redis_client: Redis, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health_module, "ROUTES", 50)
    health = Health(redis_client)
    for number in range(500):
        health.failed(f"org/{number}/model", pause=1.0)
        clock.now += LONGEST_SECONDS
    assert len(health._records) <= 50
    assert redis_client.zcard(health_module.RESTING) <= 3


def test_the_time_to_the_first_byte_is_smoothed(redis_client: Redis) -> None:
    health = Health(redis_client)
    assert health.seconds(ROUTE) is None
    health.succeeded(ROUTE, 1.0)
    health.succeeded(ROUTE, 2.0)
    assert health.seconds(ROUTE) == pytest.approx(1.2)
