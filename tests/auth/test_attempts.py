"""Whoever guesses is slowed down: on an account, from an address; the owner is not locked out."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from redis import Redis
from werkzeug.test import TestResponse

from tests.auth.conftest import PASSWORD, Org, User
from tollgate_auth.attempts import service
from tollgate_auth.attempts.service import FREE_FOR_ACCOUNT, FREE_FOR_ADDRESS, Attempts
from tollgate_auth.runtime import Runtime, runtime
from tollgate_common.errors import TooMany

HERE, ELSEWHERE = "192.0.2.1", "198.51.100.7"


def log_in(app: Flask, email: str, password: str, address: str = HERE) -> TestResponse:
    body = {"email": email, "password": password}
    environment = {"REMOTE_ADDR": address}
    client = app.test_client()
    return client.post("/api/v1/auth/login", json=body, environ_overrides=environment)


def runtime_of(app: Flask) -> Runtime:
    with app.app_context():
        return runtime()


def guess(app: Flask, email: str, address: str = HERE, times: int = FREE_FOR_ACCOUNT + 1) -> int:
    """The status of the last of so many wrong logins."""
    return [log_in(app, email, "a wrong guess", address).status_code for _ in range(times)][-1]


@pytest.fixture
def long_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine, the delay is not over before the test."""
    monkeypatch.setattr(service, "FIRST_DELAY_SECONDS", 600)


@pytest.mark.usefixtures("redis", "long_delays")
def test_after_a_few_failures_an_account_waits_even_for_the_right_password(
    app: Flask, member: User
) -> None:
    assert guess(app, member.email, times=FREE_FOR_ACCOUNT) == 401
    refused = log_in(app, member.email, PASSWORD)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) >= 1
    assert refused.get_json()["code"] == "too_many_attempts"


@pytest.mark.usefixtures("redis", "long_delays")
def test_an_unknown_account_behaves_the_same(app: Flask) -> None:
    assert guess(app, "nobody@example.com", times=FREE_FOR_ACCOUNT) == 401
    assert guess(app, " NOBODY@example.com", times=1) == 429


@pytest.mark.usefixtures("redis", "long_delays")
def test_strangers_do_not_lock_the_owner_out_where_they_log_in_from(
    app: Flask, member: User
) -> None:
    assert log_in(app, member.email, PASSWORD, HERE).status_code == 200
    assert guess(app, member.email, ELSEWHERE) == 429
    assert log_in(app, member.email, PASSWORD, HERE).status_code == 200
    assert log_in(app, member.email, PASSWORD, ELSEWHERE).status_code == 429


@pytest.mark.usefixtures("redis", "long_delays")
def test_guesses_at_others_from_the_same_address_do_not_hold_its_familiar_owners(
    app: Flask, member: User
) -> None:
    assert log_in(app, member.email, PASSWORD, HERE).status_code == 200
    for number in range(FREE_FOR_ADDRESS):
        runtime_of(app).attempts.begin(f"{number}@example.com", HERE)
    assert log_in(app, "another@example.com", PASSWORD, HERE).status_code == 429
    assert log_in(app, member.email, PASSWORD, HERE).status_code == 200


@pytest.mark.usefixtures("redis", "long_delays")
def test_a_familiar_owner_is_held_by_their_own_failures(app: Flask, member: User) -> None:
    assert log_in(app, member.email, PASSWORD, HERE).status_code == 200
    assert guess(app, member.email, HERE, FREE_FOR_ACCOUNT) == 401
    assert log_in(app, member.email, PASSWORD, HERE).status_code == 429


@pytest.mark.usefixtures("redis", "long_delays")
def test_a_success_forgives_the_account(app: Flask, member: User) -> None:
    guess(app, member.email, times=FREE_FOR_ACCOUNT - 1)
    assert log_in(app, member.email, PASSWORD).status_code == 200
    assert guess(app, member.email, times=FREE_FOR_ACCOUNT) == 401


def waited(attempts: Attempts, account: str, address: str = HERE) -> int:
    """0, or the seconds that a further attempt has to wait."""
    try:
        attempts.begin(account, address)
    except TooMany as refused:
        return int(refused.headers["retry-after"])
    return 0


def blocked(redis: Redis) -> int:
    """The longest delay in ms that is running."""
    seconds, microseconds = redis.time()
    now = seconds * 1000 + microseconds // 1000
    ends = [redis.hget(key, "until") for key in redis.scan_iter("{attempts}:account:*")]
    return max((int(float(end)) for end in ends if end), default=now) - now


def test_the_delay_doubles_up_to_its_longest(
    redis_client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The block is taken away instead of waited for."""
    monkeypatch.setattr(service, "LONGEST_DELAY_SECONDS", 8)
    attempts, delays = Attempts(redis_client), []
    for _ in range(FREE_FOR_ACCOUNT + 6):
        attempts.begin("a@example.com", HERE)
        delays.append(round(blocked(redis_client) / 1000))
        for key in redis_client.scan_iter("{attempts}:*"):
            redis_client.hdel(key, "until")
    assert delays == [0] * (FREE_FOR_ACCOUNT - 1) + [1, 2, 4, 8, 8, 8, 8]


def test_an_address_that_tries_many_accounts_waits_on_all(redis_client: Redis) -> None:
    attempts = Attempts(redis_client)
    for number in range(FREE_FOR_ADDRESS):
        assert waited(attempts, f"{number}@example.com") == 0
    assert waited(attempts, "another@example.com") > 0
    assert waited(attempts, "another@example.com", ELSEWHERE) == 0


def test_a_success_elsewhere_does_not_free_an_address(redis_client: Redis) -> None:
    """Whoever owns one account could else guess at all others between two logins of their own."""
    attempts = Attempts(redis_client)
    for number in range(FREE_FOR_ADDRESS):
        attempts.begin("mine@example.com", HERE).succeeded()
        assert waited(attempts, f"{number}@example.com") == 0
    attempts.begin("mine@example.com", HERE).succeeded()
    assert waited(attempts, "another@example.com") > 0


def test_an_ipv6_site_is_one_address(redis_client: Redis) -> None:
    attempts = Attempts(redis_client)
    for number in range(FREE_FOR_ADDRESS):
        attempts.begin(f"{number}@example.com", f"2001:db8::{number:x}")
    assert waited(attempts, "x@example.com", "2001:db8::ffff") > 0
    assert waited(attempts, "x@example.com", "2001:db8:1::1") == 0


def test_ipv4_that_is_mapped_into_ipv6_is_no_site_of_its_own(redis_client: Redis) -> None:
    """A socket on `::` reports all IPv4 callers so."""
    attempts = Attempts(redis_client)
    for number in range(FREE_FOR_ADDRESS):
        attempts.begin(f"{number}@example.com", f"::ffff:{HERE}")
    assert waited(attempts, "x@example.com", HERE) > 0
    assert waited(attempts, "x@example.com", f"::ffff:{ELSEWHERE}") == 0


@pytest.mark.usefixtures("redis")
def test_the_audit_log_and_sessions_have_the_address_unmapped(app: Flask, org: Org) -> None:
    member = org.user("member", password=PASSWORD)
    assert log_in(app, member.email, PASSWORD, f"::ffff:{HERE}").status_code == 200
    for mapped_or_not in (HERE, f"::ffff:{HERE}"):
        query = f"?action=session.started&address={mapped_or_not}"
        (entry,) = org.owner.get(f"/audit-log{query}").get_json()["data"]
        assert entry["address"] == HERE
    assert [each["address"] for each in member.get("/auth/sessions").get_json()["data"]] == [HERE]


@pytest.mark.usefixtures("long_delays")
def test_what_familiar_owners_fail_at_counts_for_others_behind_the_address(
    redis_client: Redis,
) -> None:
    attempts = Attempts(redis_client)
    accounts = [f"{number}@example.com" for number in range(FREE_FOR_ADDRESS)]
    for account in accounts:
        attempts.begin(account, HERE).succeeded()
    for account in accounts:
        attempts.begin(account, HERE)
    assert waited(attempts, "first@example.com") == 0
    assert waited(attempts, "second@example.com") > 0


def test_many_at_once_get_no_more_than_one_after_the_other(redis_client: Redis) -> None:
    attempts = Attempts(redis_client)
    with ThreadPoolExecutor(8) as threads:
        waits = list(threads.map(lambda _: waited(attempts, "a@example.com"), range(40)))
    assert waits.count(0) == FREE_FOR_ACCOUNT


def test_counters_are_forgotten_in_time(redis_client: Redis) -> None:
    Attempts(redis_client).begin("a@example.com", HERE)
    assert all(redis_client.ttl(key) > 0 for key in redis_client.scan_iter("{attempts}:*"))
