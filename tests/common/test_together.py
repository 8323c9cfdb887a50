"""Scripts of concurrent requests, on a real Redis."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from tollgate_common.tickets.together import SharedScript, Together
from tollgate_common.tickets.wire import Command, Wire

ECHO = b"return {KEYS[1], ARGV[1]}"
GIVE_UP_SECONDS = 10


class Slow(Wire):
    """Lets its first batch through when it is told to, and notes what is sent."""

    def __init__(self, redis: Redis, error: Exception | None = None) -> None:
        super().__init__(redis)
        self.go, self.began = threading.Event(), threading.Event()
        self.error = error
        self.batches: list[int] = []

    def ask(self, commands: list[Command]) -> list[Any]:
        self.batches.append(len(commands))
        self.began.set()
        assert self.go.wait(GIVE_UP_SECONDS)
        if self.error:
            raise self.error
        return super().ask(commands)


def gathered(together: Together, number: int) -> None:
    """Wait until so many stand behind the batch that is under way."""
    give_up = threading.Event()
    for _ in range(GIVE_UP_SECONDS * 100):
        if len(together._waiting) == number:
            return
        give_up.wait(0.01)
    raise AssertionError(f"{len(together._waiting)} wait")


def test_each_gets_its_own_answer(redis_client: Redis) -> None:
    script = SharedScript(ECHO, Together(Wire(redis_client)))
    with ThreadPoolExecutor(16) as threads:
        asked = [(f"k{number}", str(number)) for number in range(400)]
        answers = list(threads.map(lambda pair: script([pair[0]], [pair[1]]), asked))
    assert answers == [[key.encode(), value.encode()] for key, value in asked]


def test_what_comes_while_a_batch_is_under_way_is_one_batch(redis_client: Redis) -> None:
    slow = Slow(redis_client)
    together = Together(slow)
    with ThreadPoolExecutor(9) as threads:
        first = threads.submit(together.execute, "ECHO", "0")
        assert slow.began.wait(GIVE_UP_SECONDS)
        rest = [threads.submit(together.execute, "ECHO", str(n)) for n in range(1, 9)]
        gathered(together, 8)
        slow.go.set()
        assert [call.result(GIVE_UP_SECONDS) for call in (first, *rest)] == [
            str(n).encode() for n in range(9)
        ]
    assert slow.batches == [1, 8]


def test_one_commands_error_is_its_own(redis_client: Redis) -> None:
    slow = Slow(redis_client)
    together = Together(slow)
    with ThreadPoolExecutor(3) as threads:
        first = threads.submit(together.execute, "ECHO", "0")
        assert slow.began.wait(GIVE_UP_SECONDS)
        wrong = threads.submit(together.execute, "EVAL", "no lua", "0")
        right = threads.submit(together.execute, "ECHO", "1")
        gathered(together, 2)
        slow.go.set()
        assert (first.result(), right.result()) == (b"0", b"1")
        with pytest.raises(ResponseError):
            wrong.result()


def test_redis_away_nobody_waits_for_a_second_failure(redis_client: Redis) -> None:
    slow = Slow(redis_client, RedisConnectionError("gone"))
    together = Together(slow)
    with ThreadPoolExecutor(4) as threads:
        calls = [threads.submit(together.execute, "ECHO", "0")]
        assert slow.began.wait(GIVE_UP_SECONDS)
        calls += [threads.submit(together.execute, "ECHO", str(n)) for n in range(3)]
        gathered(together, 3)
        slow.go.set()
        for call in calls:
            with pytest.raises(RedisConnectionError):
                call.result(GIVE_UP_SECONDS)
    assert slow.batches == [1]
    slow.error = None
    assert together.execute("ECHO", "again") == b"again"


def test_who_is_interrupted_holds_up_nobody(
    redis_client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow(redis_client)
    together = Together(slow)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(together.execute, "ECHO", "0")
        assert slow.began.wait(GIVE_UP_SECONDS)
        with monkeypatch.context() as interrupted:
            interrupted.setattr(threading.Event, "wait", _interrupt)
            with pytest.raises(KeyboardInterrupt):
                together.execute("ECHO", "1")
        second = threads.submit(together.execute, "ECHO", "2")
        gathered(together, 1)
        slow.go.set()
        assert (first.result(GIVE_UP_SECONDS), second.result(GIVE_UP_SECONDS)) == (b"0", b"2")


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


def test_a_script_that_redis_has_forgotten_is_sent_again(redis_client: Redis) -> None:
    script = SharedScript(ECHO, Together(Wire(redis_client)))
    script(["a"], ["b"])
    redis_client.script_flush()
    assert script(["a"], ["b"]) == [b"a", b"b"]
