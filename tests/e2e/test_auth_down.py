"""auth down under load: who is known goes on, who is not is asked to come back, never refused."""

import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import requests
from redis import Redis

from deploy.local.stack import Stack
from tests.e2e.figures import Say, milliseconds
from tests.e2e.load import Load
from tests.e2e.platform import Platform, eventually
from tests.e2e.stacks import data_of, hanging, killed, own_platform, started
from tollgate_common import keyformat
from tollgate_gateway.principals.cache import FRESH_SECONDS, PROCESS_SECONDS

DOWN_SECONDS = 15.0
BACK_SECONDS = 30.0
BODY = {"model": "sandbox", "messages": [{"role": "user", "content": "hello"}]}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, Platform]]:
    with own_platform(tmp_path_factory.mktemp("auth_down")) as both:
        yield both


def call(platform: Platform, key: str) -> requests.Response:
    return platform.post("/v1/chat/completions", BODY, key)


def grow_stale(stack: Stack, key: str) -> None:
    """What Redis remembers of the key was learnt so long ago that auth should be asked again."""
    with Redis.from_url(data_of(stack).redis_url) as redis:
        name = f"principal:{keyformat.hash_of(key)}"
        raw: Any = redis.get(name)
        stored = msgspec.json.decode(raw)
        stored["learnt_at"] -= FRESH_SECONDS + 1
        redis.set(name, msgspec.json.encode(stored), keepttl=True)


def test_with_auth_killed_known_keys_go_on_and_all_recovers(
    running: tuple[Stack, Platform], say: Say
) -> None:
    stack, platform = running
    known, stale = platform.new_key(), platform.new_key()
    assert call(platform, stale.secret).status_code == 200
    load = Load("POST", f"{platform.url}/v1/chat/completions",
                {"authorization": f"Bearer {known.secret}"}, BODY, callers=6)  # fmt: skip
    with load:
        eventually(lambda: len(load.calls) > 50)
        killed(stack, "auth")
        down = time.monotonic()
        grow_stale(stack, stale.secret)
        eventually(lambda: time.monotonic() > down + PROCESS_SECONDS + 1)
        began = time.monotonic()
        assert call(platform, stale.secret).status_code == 200
        stale_seconds = time.monotonic() - began
        _who_is_unknown_is_asked_to_come_back(platform)
        _management_is_away(platform)
        eventually(lambda: time.monotonic() > down + DOWN_SECONDS, within=DOWN_SECONDS + 5)
        started(stack, "auth")
        back_seconds = _a_new_key_works(platform)
    during, before = load.since(down, down + DOWN_SECONDS), load.since(0, down)
    assert len(during) > 50
    assert {one.status for one in load.calls} == {200}
    say(f"auth down {DOWN_SECONDS:.0f} s: {len(during)} calls with known keys, none failed;"
        f" {milliseconds(during)} ({milliseconds(before)} before);"
        f" a stale key {stale_seconds * 1000:.0f} ms;"
        f" a new key worked {back_seconds:.1f} s after the start of auth")  # fmt: skip
    assert stale_seconds < 1


def _who_is_unknown_is_asked_to_come_back(platform: Platform) -> None:
    for mode in ("test", "live"):
        for _ in range(5):
            answer = call(platform, keyformat.generate("test" if mode == "test" else "live"))
            assert answer.status_code == 503, answer.text
            assert int(answer.headers["retry-after"]) >= 1
            assert "auth" in answer.json()["error"]["message"]


def _management_is_away(platform: Platform) -> None:
    login = {"email": platform.email, "password": platform.password}
    for answer in (
        platform.api("GET", "/projects"),
        platform.api("POST", "/keys", json={"name": "not now"}),
        platform.session.post(f"{platform.url}/api/v1/auth/login", json=login, timeout=10),
    ):
        assert answer.status_code == 503, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert int(answer.headers["retry-after"]) >= 1


def _answers(platform: Platform) -> bool:
    """auth listens before its workers have started: a request may wait longer than its caller."""
    try:
        return platform.api("GET", "/me").status_code == 200
    except requests.Timeout:
        return False


def _a_new_key_works(platform: Platform) -> float:
    """Seconds until a key could be made, and worked."""
    began = time.monotonic()
    eventually(lambda: _answers(platform), within=BACK_SECONDS)
    key = platform.new_key()
    eventually(lambda: call(platform, key.secret).status_code == 200, within=5)
    return time.monotonic() - began


def test_with_auth_hanging_known_keys_do_not_wait_for_it(
    running: tuple[Stack, Platform], say: Say
) -> None:
    """A process that is stopped takes connections and answers none: slower than one that died."""
    stack, platform = running
    key = platform.new_key()
    assert call(platform, key.secret).status_code == 200
    grow_stale(stack, key.secret)
    moment = time.monotonic()
    eventually(lambda: time.monotonic() > moment + PROCESS_SECONDS + 0.5)
    with hanging(stack, "auth"):
        waits = []
        for _ in range(20):
            began = time.monotonic()
            assert call(platform, key.secret).status_code == 200
            waits.append(time.monotonic() - began)
        unknown = time.monotonic()
        assert call(platform, keyformat.generate("test")).status_code == 503
        unknown_seconds = time.monotonic() - unknown
    say(f"auth hanging: a stale key {max(waits) * 1000:.0f} ms at most,"
        f" an unknown one 503 after {unknown_seconds:.1f} s")  # fmt: skip
    assert max(waits) < 1
    assert unknown_seconds < 10
    eventually(lambda: _answers(platform), within=BACK_SECONDS)
