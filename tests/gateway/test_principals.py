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
from tollgate_common.attempts.secrets import SecretAttempts
from tollgate_common.audit import AuditBatch, AuditCounts
from tollgate_common.audit.counts import Deliver
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
from tollgate_gateway.principals.uses import KeyUses

KEY = keyformat.generate("test")
DIGEST = keyformat.hash_of(KEY)
HEADERS = Headers({"x-api-key": KEY})
HERE = "192.0.2.1"
USERS = {
    "a.user.x": {"sub": "usr_1", "sid": "ses_1", "typ": "access"},
    "a.old.x": {"sub": "usr_1", "typ": "access"},
    "a.refresh.x": {"sub": "usr_1", "sid": "ses_1", "typ": "refresh"},
}


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

    def find(self, question: Mapping[str, str]) -> Principal | None:
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


class Uses:
    """Stands where uses are told to auth."""

    def __init__(self) -> None:
        self.noted: list[str] = []

    def note(self, key: str) -> None:
        self.noted.append(key)


def service(
    redis: Redis,
    auth: Auth,
    cache: PrincipalCache | None = None,
    uses: Uses | None = None,
    deliver: Deliver = lambda _: None,
) -> PrincipalService:
    return PrincipalService(
        cache or PrincipalCache(redis),
        cast(PrincipalClient, auth),
        access_tokens=cast(TokenVerifier, Tokens(USERS)),
        service_tokens=cast(
            TokenVerifier,
            Tokens({
                "a.worker.x": {"sub": "service:llm", "scope": "inference:act"},
                "a.other.x": {"sub": "service:reports", "scope": "principals:read"},
            }),
        ),
        uses=cast(KeyUses, uses or Uses()),
        counts=AuditCounts(deliver, lambda: None),
        attempts=SecretAttempts(redis, "key"),
    )  # fmt: skip


def bearer(token: str, **more: str) -> Headers:
    return Headers({"authorization": f"Bearer {token}", **more})


def test_auth_is_asked_once_and_other_processes_learn_from_redis(
    redis_client: Redis, auth: Auth
) -> None:
    one, other = service(redis_client, auth), service(redis_client, auth)
    assert [one.authenticate(HEADERS, HERE).key for _ in range(3)] == ["key_1"] * 3
    assert other.authenticate(HEADERS, HERE).key == "key_1"
    assert auth.asked == 1


def test_a_herd_on_one_key_makes_one_look_up(redis_client: Redis, auth: Auth) -> None:
    auth.slow = 0.1
    gateway = service(redis_client, auth)
    threads = [
        threading.Thread(target=gateway.authenticate, args=(HEADERS, HERE), daemon=True)
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
            gateway.authenticate(HEADERS, HERE)
    assert auth.asked == 1


def test_with_auth_down_a_known_key_goes_on_and_an_unknown_one_is_503(
    redis_client: Redis, auth: Auth, monkeypatch: pytest.MonkeyPatch
) -> None:
    service(redis_client, auth).authenticate(HEADERS, HERE)
    auth.down = True
    monkeypatch.setattr(caching, "FRESH_SECONDS", 0.0)
    gateway = service(redis_client, auth)
    assert gateway.authenticate(HEADERS, HERE).key == "key_1"
    with pytest.raises(DependencyDown):
        gateway.authenticate(Headers({"x-api-key": keyformat.generate("live")}), HERE)


def test_a_stale_principal_is_not_used_beyond_its_assertion(
    redis_client: Redis, auth: Auth, monkeypatch: pytest.MonkeyPatch
) -> None:
    auth.answer = principal(assertion_expires_at=int(time.time()) - 1)
    service(redis_client, auth).authenticate(HEADERS, HERE)
    auth.down = True
    with pytest.raises(DependencyDown):
        service(redis_client, auth).authenticate(HEADERS, HERE)


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
        gateway.authenticate(HEADERS, HERE)
    auth.answer = None
    change = {"org": "org_1", "key": "key_1", "key_hash": DIGEST, "version": 2}
    publish(redis_client, "key.changed", make_event("key.changed", "auth", change))
    deadline = time.monotonic() + 10
    while any(cache.local(DIGEST)[1] for cache in caches) and time.monotonic() < deadline:
        time.sleep(0.005)
    for gateway in gateways:
        with pytest.raises(Unauthorized):
            gateway.authenticate(HEADERS, HERE)
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


def test_a_stale_principal_is_used_at_once_and_renewed_beside(
    redis_client: Redis, auth: Auth, monkeypatch: pytest.MonkeyPatch
) -> None:
    service(redis_client, auth).authenticate(HEADERS, HERE)
    monkeypatch.setattr(caching, "FRESH_SECONDS", 0.0)
    auth.slow, auth.answer = 0.3, principal(version=2)
    gateway = service(redis_client, auth)
    started = time.monotonic()
    assert gateway.authenticate(HEADERS, HERE).version == 1
    assert time.monotonic() - started < auth.slow
    deadline = time.monotonic() + 10
    while gateway.authenticate(HEADERS, HERE).version == 1 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert gateway.authenticate(HEADERS, HERE).version == 2
    assert auth.asked == 2


def test_auth_is_spared_for_a_moment_after_a_failure(redis_client: Redis, auth: Auth) -> None:
    auth.down = True
    gateway = service(redis_client, auth)
    for _ in range(20):
        with pytest.raises(DependencyDown):
            gateway.authenticate(Headers({"x-api-key": keyformat.generate("live")}), HERE)
    assert auth.asked == 1


def test_a_herd_shares_a_failure_and_leaves_nothing_behind(redis_client: Redis, auth: Auth) -> None:
    auth.slow, auth.down = 0.1, True
    gateway, failures = service(redis_client, auth), []

    def call() -> None:
        try:
            gateway.authenticate(HEADERS, HERE)
        except DependencyDown as error:
            failures.append(error)

    threads = [threading.Thread(target=call) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(failures), auth.asked) == (20, 1)
    assert not gateway._flights._flying


def test_what_redis_remembers_from_before_a_change_is_not_used(
    redis_client: Redis, auth: Auth
) -> None:
    service(redis_client, auth).authenticate(HEADERS, HERE)
    stored: Any = redis_client.get(f"principal:{DIGEST}")
    cache = PrincipalCache(redis_client)
    cache.forget(DIGEST, 2)
    redis_client.set(f"principal:{DIGEST}", stored)  # as a slower process may do
    auth.answer = None
    with pytest.raises(Unauthorized):
        service(redis_client, auth, cache).authenticate(HEADERS, HERE)


def test_an_old_change_does_not_undo_a_newer_one(redis_client: Redis) -> None:
    cache = PrincipalCache(redis_client)
    cache.forget(DIGEST, 5)
    cache.forget(DIGEST, 3)
    cache.learn(DIGEST, principal(version=4))
    assert cache.local(DIGEST) == (False, None)


def test_a_principal_is_kept_no_longer_than_it_is_true(redis_client: Redis, auth: Auth) -> None:
    """The key ends in two seconds: sooner than the process would forget it."""
    auth.answer = principal(assertion_expires_at=int(time.time()) + 2)
    gateway = service(redis_client, auth)
    assert gateway.authenticate(HEADERS, HERE)
    auth.answer = None
    deadline = time.monotonic() + caching.PROCESS_SECONDS - 1
    with pytest.raises(Unauthorized):  # noqa: PT012 - which of the calls is refused is the question
        while time.monotonic() < deadline:
            gateway.authenticate(HEADERS, HERE)
            time.sleep(0.02)


@pytest.mark.parametrize(
    ("networks", "address", "allowed"),
    [
        ((), HERE, True), ((), None, True),
        (("192.0.2.0/24",), HERE, True), (("198.51.100.0/24", "192.0.2.1/32"), HERE, True),
        (("198.51.100.0/24",), HERE, False), (("192.0.2.0/24",), "::ffff:192.0.2.9", True),
        (("2001:db8::/32",), "2001:db8::7", True), (("2001:db8::/32",), HERE, False),
        (("::ffff:192.0.2.0/120",), HERE, True), (("::ffff:198.51.100.0/120",), HERE, False),
        (("192.0.2.0/24",), None, False), (("192.0.2.0/24",), "unix:", False),
    ],
)  # fmt: skip
def test_a_key_works_from_its_networks_only(
    redis_client: Redis, auth: Auth, networks: tuple[str, ...], address: str | None, allowed: bool
) -> None:
    auth.answer = principal(networks=networks)
    gateway = service(redis_client, auth)
    if allowed:
        assert gateway.authenticate(HEADERS, address).key == "key_1"
    else:
        with pytest.raises(Forbidden) as refused:
            gateway.authenticate(HEADERS, address)
        assert refused.value.error_code == "source_not_allowed"


def test_the_use_of_a_key_is_noted_but_not_of_a_refused_one(
    redis_client: Redis, auth: Auth
) -> None:
    uses = Uses()
    gateway = service(redis_client, auth, uses=uses)
    gateway.authenticate(HEADERS, HERE)
    gateway.authenticate(bearer("a.user.x"), HERE)
    assert uses.noted.count("key_1") == 1
    auth.answer = principal(networks=("198.51.100.0/24",))
    with pytest.raises(Forbidden):
        service(redis_client, auth, uses=uses).authenticate(
            Headers({"x-api-key": keyformat.generate("live")}), HERE
        )
    assert len(uses.noted) == 1


def test_a_change_of_a_user_reaches_their_sessions(redis_client: Redis) -> None:
    cache, stop = PrincipalCache(redis_client), threading.Event()
    listener = threading.Thread(target=listen, args=(redis_client, cache, stop))
    listener.start()
    names = {"ses_1": "session:ses_1", None: "user:usr_1"}
    for session, name in names.items():
        cache.learn(name, principal(key=None, user="usr_1"))
        change = {"org": "org_1", "user": "usr_1", "session": session, "version": 2}
        publish(redis_client, "user.changed", make_event("user.changed", "auth", change))
    cache.learn("session:ses_2", principal(key=None, user="usr_1"))
    deadline = time.monotonic() + 10
    while any(cache.local(name)[0] for name in names.values()) and time.monotonic() < deadline:
        time.sleep(0.005)
    assert [cache.local(name)[0] for name in names.values()] == [False, False]
    assert cache.local("session:ses_2")[0]
    stop.set()
    listener.join()


def test_only_an_access_token_with_a_session_is_one(redis_client: Redis, auth: Auth) -> None:
    for token in ("a.old.x", "a.refresh.x"):
        with pytest.raises(Unauthorized):
            service(redis_client, auth).authenticate(bearer(token), HERE)
    assert auth.asked == 0


def test_an_access_token_is_its_users(redis_client: Redis, auth: Auth) -> None:
    auth.answer = principal(user="usr_1", key=None)
    assert service(redis_client, auth).authenticate(bearer("a.user.x"), HERE).user == "usr_1"


def test_only_a_worker_with_the_scope_acts_for_a_key(redis_client: Redis, auth: Auth) -> None:
    gateway = service(redis_client, auth)
    acting = {"x-tollgate-on-behalf-key": "key_1"}
    assert gateway.authenticate(bearer("a.worker.x", **acting), HERE).key == "key_1"
    with pytest.raises(Forbidden):
        gateway.authenticate(bearer("a.other.x", **acting), HERE)
    with pytest.raises(Unauthorized):
        gateway.authenticate(bearer("a.worker.x"), HERE)
    with pytest.raises(Unauthorized):
        gateway.authenticate(bearer("a.forged.x", **acting), HERE)


def test_a_caller_without_the_scope_is_403(redis_client: Redis, auth: Auth) -> None:
    auth.answer = principal(scopes=("usage:read",))
    with pytest.raises(Forbidden):
        service(redis_client, auth).authorize(HEADERS, HERE, "inference")


def test_what_redis_holds_is_no_key(redis_client: Redis, auth: Auth) -> None:
    service(redis_client, auth).authenticate(HEADERS, HERE)
    stored: Any = redis_client.get(f"principal:{DIGEST}")
    assert KEY not in stored.decode()
    assert msgspec.json.decode(stored)["principal"]["key"] == "key_1"


def test_a_key_from_outside_its_networks_and_a_missing_scope_are_events(
    redis_client: Redis, auth: Auth
) -> None:
    batches: list[AuditBatch] = []
    principals = service(redis_client, auth, deliver=batches.append)
    auth.answer = principal(networks=("10.0.0.0/8",))
    for _ in range(3):
        with pytest.raises(Forbidden):
            principals.authenticate(HEADERS, HERE)
    with pytest.raises(Forbidden):
        principals.authorize(HEADERS, "10.1.2.3", "usage:read")
    principals._counts.send()  # type: ignore[attr-defined]  # the tests' own
    (batch,) = batches
    assert batch.org == "org_1"
    counted = {
        (each.event.action, each.event.actor.id, each.event.target.id, each.event.reason): each
        for each in batch.occurrences
    }
    assert {names: each.count for names, each in counted.items()} == {
        ("key.source_refused", "key_1", "key_1", "source_not_allowed"): 3,
        ("permission.refused", "key_1", "usage:read", "permission_denied"): 1,
    }
