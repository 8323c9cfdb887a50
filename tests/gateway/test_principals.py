"""Principals: asked for once, remembered, forgotten at a change, and never lost to a dead auth."""

import threading
import time
from collections.abc import Mapping
from typing import Any, cast

import msgspec
import pytest
from redis import Redis
from werkzeug.datastructures import Headers

from tollgate_common import keyformat
from tollgate_common.errors import DependencyDown, Forbidden, Unauthorized
from tollgate_common.events.cloudevents import make_event
from tollgate_common.events.streams import publish
from tollgate_common.jwt import TokenVerifier
from tollgate_common.principal import Principal
from tollgate_gateway.principals import cache as caching
from tollgate_gateway.principals.cache import PrincipalCache
from tollgate_gateway.principals.changes import listen
from tollgate_gateway.principals.client import PrincipalClient
from tollgate_gateway.principals.service import PrincipalService

KEY = keyformat.generate("test")
DIGEST = keyformat.hash_of(KEY)
HEADERS = Headers({"x-api-key": KEY})


def principal(**more: Any) -> Principal:
    fields: dict[str, Any] = {
        "org": "org_1", "key": "key_1", "mode": "test", "scopes": ("inference",),
        "models": ("*",), "version": 1, "assertion": "a",
        "assertion_expires_at": int(time.time()) + 900,
    }  # fmt: skip
    return Principal(**(fields | more))


class Auth:
    """Stands where auth's answers come from: an answer, nobody, or nothing at all."""

    def __init__(self) -> None:
        self.answer: Principal | None = principal()
        self.down = False
        self.asked = 0
        self.slow = 0.0

    def find(self, question: Mapping[str, str | None]) -> Principal | None:
        self.asked += 1
        time.sleep(self.slow)
        if self.down:
            raise DependencyDown("auth")
        return self.answer


class Tokens:
    """Stands where tokens are verified: it knows exactly those it was given."""

    def __init__(self, known: dict[str, dict[str, Any]]) -> None:
        self.known = known

    def verify(self, token: str) -> dict[str, Any]:
        if token not in self.known:
            raise Unauthorized
        return self.known[token]


@pytest.fixture
def auth() -> Auth:
    return Auth()


def service(redis: Redis, auth: Auth, cache: PrincipalCache | None = None) -> PrincipalService:
    return PrincipalService(
        cache or PrincipalCache(redis),
        cast(PrincipalClient, auth),
        access_tokens=cast(TokenVerifier, Tokens({"a.user.x": {"sub": "usr_1"}})),
        service_tokens=cast(
            TokenVerifier,
            Tokens({
                "a.worker.x": {"sub": "service:llm", "scope": "inference:act"},
                "a.other.x": {"sub": "service:reports", "scope": "principals:read"},
            }),
        ),
    )  # fmt: skip


def bearer(token: str, **more: str) -> Headers:
    return Headers({"authorization": f"Bearer {token}", **more})


def test_auth_is_asked_once_and_other_processes_learn_from_redis(
    redis_client: Redis, auth: Auth
) -> None:
    one, other = service(redis_client, auth), service(redis_client, auth)
    assert [one.authenticate(HEADERS).key for _ in range(3)] == ["key_1"] * 3
    assert other.authenticate(HEADERS).key == "key_1"
    assert auth.asked == 1


def test_a_herd_on_one_key_makes_one_look_up(redis_client: Redis, auth: Auth) -> None:
    auth.slow = 0.1
    gateway = service(redis_client, auth)
    threads = [
        threading.Thread(target=gateway.authenticate, args=(HEADERS,), daemon=True)
        for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert auth.asked == 1


def test_an_unknown_key_is_401_and_remembered(redis_client: Redis, auth: Auth) -> None:
    auth.answer = None
    gateway = service(redis_client, auth)
    for _ in range(3):
        with pytest.raises(Unauthorized):
            gateway.authenticate(HEADERS)
    assert auth.asked == 1


def test_with_auth_down_a_known_key_goes_on_and_an_unknown_one_is_503(
    redis_client: Redis, auth: Auth, monkeypatch: pytest.MonkeyPatch
) -> None:
    service(redis_client, auth).authenticate(HEADERS)
    auth.down = True
    monkeypatch.setattr(caching, "FRESH_SECONDS", 0.0)
    gateway = service(redis_client, auth)
    assert gateway.authenticate(HEADERS).key == "key_1"
    with pytest.raises(DependencyDown):
        gateway.authenticate(Headers({"x-api-key": keyformat.generate("live")}))


def test_a_stale_principal_is_not_used_beyond_its_assertion(
    redis_client: Redis, auth: Auth, monkeypatch: pytest.MonkeyPatch
) -> None:
    auth.answer = principal(assertion_expires_at=int(time.time()) - 1)
    service(redis_client, auth).authenticate(HEADERS)
    auth.down = True
    with pytest.raises(DependencyDown):
        service(redis_client, auth).authenticate(HEADERS)


def test_a_change_reaches_every_process(redis_client: Redis, auth: Auth) -> None:
    caches = [PrincipalCache(redis_client) for _ in range(2)]
    gateways = [service(redis_client, auth, cache) for cache in caches]
    stop = threading.Event()
    listeners = [
        threading.Thread(target=listen, args=(redis_client, cache, stop)) for cache in caches
    ]
    for listener in listeners:
        listener.start()
    for gateway in gateways:
        gateway.authenticate(HEADERS)
    auth.answer = None
    change = {"org": "org_1", "key": "key_1", "key_hash": DIGEST, "version": 2}
    publish(redis_client, "key.changed", make_event("key.changed", "auth", change))
    deadline = time.monotonic() + 10
    while any(cache.local(DIGEST)[1] for cache in caches) and time.monotonic() < deadline:
        time.sleep(0.005)
    for gateway in gateways:
        with pytest.raises(Unauthorized):
            gateway.authenticate(HEADERS)
    stop.set()
    for listener in listeners:
        listener.join()


def test_an_answer_older_than_a_change_is_not_remembered(redis_client: Redis) -> None:
    cache = PrincipalCache(redis_client)
    cache.forget(DIGEST, 5)
    cache.learn(DIGEST, principal(version=4))
    assert cache.local(DIGEST) == (False, None)
    assert cache.stored(DIGEST) is None
    cache.learn(DIGEST, principal(version=5))
    assert cache.local(DIGEST)[0]


def test_an_access_token_is_its_users(redis_client: Redis, auth: Auth) -> None:
    auth.answer = principal(user="usr_1", key=None)
    assert service(redis_client, auth).authenticate(bearer("a.user.x")).user == "usr_1"


def test_only_a_worker_with_the_scope_acts_for_a_key(redis_client: Redis, auth: Auth) -> None:
    gateway = service(redis_client, auth)
    acting = {"x-tollgate-on-behalf-key": "key_1"}
    assert gateway.authenticate(bearer("a.worker.x", **acting)).key == "key_1"
    with pytest.raises(Forbidden):
        gateway.authenticate(bearer("a.other.x", **acting))
    with pytest.raises(Unauthorized):
        gateway.authenticate(bearer("a.worker.x"))
    with pytest.raises(Unauthorized):
        gateway.authenticate(bearer("a.forged.x", **acting))


def test_a_caller_without_the_scope_is_403(redis_client: Redis, auth: Auth) -> None:
    auth.answer = principal(scopes=("usage:read",))
    with pytest.raises(Forbidden):
        service(redis_client, auth).authorize(HEADERS, "inference")


def test_what_redis_holds_is_no_key(redis_client: Redis, auth: Auth) -> None:
    service(redis_client, auth).authenticate(HEADERS)
    stored: Any = redis_client.get(f"principal:{DIGEST}")
    assert KEY not in stored.decode()
    assert msgspec.json.decode(stored)["principal"]["key"] == "key_1"
