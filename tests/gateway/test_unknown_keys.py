"""Keys that nobody has: a flood of them is refused, and whoever has a good one waits for nobody."""

import pytest
from redis import Redis
from werkzeug.datastructures import Headers

from tests.gateway.test_principals import HERE, Auth, principal, service
from tollgate_common import keyformat
from tollgate_common.attempts import secrets
from tollgate_common.attempts.counters import Delays
from tollgate_common.attempts.secrets import FREE_FOR_ADDRESS
from tollgate_common.errors import DependencyDown, TooMany, Unauthorized
from tollgate_gateway.principals.cache import PrincipalCache
from tollgate_gateway.principals.service import PrincipalService

ELSEWHERE = "198.51.100.7"


@pytest.fixture(autouse=True)
def long_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine, a wait is not over before the test."""
    monkeypatch.setattr(secrets, "DELAYS", Delays(600, 600))


@pytest.fixture
def auth() -> Auth:
    return Auth()


def headers(key: str | None = None) -> Headers:
    return Headers({"x-api-key": key or keyformat.generate("live")})


def flood(gateway: PrincipalService, auth: Auth, address: str = HERE) -> None:
    """Unknown keys, until the address is held."""
    answer, auth.answer = auth.answer, None
    for _ in range(FREE_FOR_ADDRESS):
        with pytest.raises(Unauthorized):
            gateway.authenticate(headers(), address)
    auth.answer = answer


def forgotten(redis: Redis, auth: Auth) -> PrincipalService:
    """A gateway to which the cached principals have expired."""
    for name in redis.scan_iter("principal:*"):
        redis.delete(name)
    return service(redis, auth, PrincipalCache(redis))


def test_a_flood_of_unknown_keys_is_429_and_reaches_auth_no_more(
    redis_client: Redis, auth: Auth
) -> None:
    gateway = service(redis_client, auth)
    flood(gateway, auth)
    asked = auth.asked
    for _ in range(50):
        with pytest.raises(TooMany) as refused:
            gateway.authenticate(headers(), HERE)
    assert int(refused.value.headers["retry-after"]) >= 1
    assert auth.asked == asked == FREE_FOR_ADDRESS
    assert gateway.authenticate(headers(), ELSEWHERE)


def test_a_good_key_is_never_held_by_its_address(redis_client: Redis, auth: Auth) -> None:
    mine = headers()
    gateway = service(redis_client, auth)
    assert gateway.authenticate(mine, HERE)
    flood(gateway, auth)
    assert gateway.authenticate(mine, HERE)
    assert forgotten(redis_client, auth).authenticate(mine, HERE)
    with pytest.raises(TooMany):
        gateway.authenticate(headers(), HERE)


def test_a_key_that_was_good_counts_once_it_is_revoked(redis_client: Redis, auth: Auth) -> None:
    mine = headers()
    assert service(redis_client, auth).authenticate(mine, HERE)
    auth.answer = None
    with pytest.raises(Unauthorized):
        forgotten(redis_client, auth).authenticate(mine, HERE)
    flood(service(redis_client, auth), auth)
    with pytest.raises(TooMany):
        forgotten(redis_client, auth).authenticate(mine, HERE)


def test_one_dead_key_counts_once_and_holds_no_neighbour(redis_client: Redis, auth: Auth) -> None:
    dead, auth.answer = headers(), None
    for _ in range(FREE_FOR_ADDRESS + 20):
        with pytest.raises(Unauthorized):
            service(redis_client, auth).authenticate(dead, HERE)
    auth.answer = principal()
    assert service(redis_client, auth).authenticate(headers(), HERE)


def test_new_good_keys_cost_their_address_nothing(redis_client: Redis, auth: Auth) -> None:
    gateway = service(redis_client, auth)
    for _ in range(FREE_FOR_ADDRESS + 20):
        assert gateway.authenticate(headers(), HERE)


def test_with_auth_down_nothing_counts(redis_client: Redis, auth: Auth) -> None:
    auth.down = True
    for _ in range(FREE_FOR_ADDRESS + 20):
        with pytest.raises(DependencyDown):
            service(redis_client, auth).authenticate(headers(), HERE)
    auth.down = False
    assert service(redis_client, auth).authenticate(headers(), HERE)


def test_with_redis_down_keys_are_asked_for_as_ever(auth: Auth) -> None:
    nowhere: Redis = Redis.from_url("redis://127.0.0.1:1/0")
    gateway = service(nowhere, auth)
    assert gateway.authenticate(headers(), HERE)
    auth.answer = None
    with pytest.raises(Unauthorized):
        gateway.authenticate(headers(), HERE)


def test_what_redis_keeps_shows_no_address_and_no_key(redis_client: Redis, auth: Auth) -> None:
    key = keyformat.generate("live")
    auth.answer = None
    with pytest.raises(Unauthorized):
        service(redis_client, auth).authenticate(headers(key), HERE)
    names = [name.decode() for name in redis_client.scan_iter("{attempts}*")]
    assert len(names) == 2
    assert not any(HERE in name or keyformat.hash_of(key) in name for name in names)
    assert all(redis_client.ttl(name) > 0 for name in names)
