"""Asking again for what is stale: beside the requests, and never too many at once."""

import threading
import time
from collections.abc import Mapping
from typing import cast

import msgspec
import pytest
from redis import Redis
from werkzeug.datastructures import Headers

from tollgate_common import keyformat
from tollgate_common.attempts.secrets import SecretAttempts
from tollgate_common.audit import AuditCounts
from tollgate_common.errors import DependencyDown
from tollgate_common.jwt import TokenVerifier
from tollgate_common.principal import Principal
from tollgate_gateway.principals.cache import FRESH_SECONDS, PrincipalCache, Stored
from tollgate_gateway.principals.client import PrincipalClient
from tollgate_gateway.principals.service import RENEWALS_AT_ONCE, PrincipalService
from tollgate_gateway.principals.uses import KeyUses

HERE = "192.0.2.1"
KEYS = [keyformat.generate("test") for _ in range(4 * RENEWALS_AT_ONCE)]


class HangingAuth:
    """Takes questions and answers none until it is let go; then it is down."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.let_go = threading.Event()

    def find(self, question: Mapping[str, str]) -> Principal | None:
        self.asked.append(question["key_hash"])
        self.let_go.wait(20)
        raise DependencyDown("auth")


class NoUses:
    def note(self, key: str) -> None:
        assert key


@pytest.fixture
def stale_keys(redis_client: Redis) -> list[str]:
    """All of them known to Redis, and learnt too long ago."""
    for key in KEYS:
        principal = Principal(
            org="org_1", mode="test", scopes=("inference",), models=("*",), version=1,
            assertion="a.b.c", assertion_expires_at=int(time.time()) + 900, key="key_1",
        )  # fmt: skip
        stored = Stored(principal, time.time() - FRESH_SECONDS - 1)
        redis_client.set(f"principal:{keyformat.hash_of(key)}", msgspec.json.encode(stored))
    return KEYS


def service(redis: Redis, auth: HangingAuth) -> PrincipalService:
    nobody = cast(TokenVerifier, None)
    uses = cast(KeyUses, NoUses())
    counts = AuditCounts(lambda _: None, lambda: None)
    return PrincipalService(
        PrincipalCache(redis),
        cast(PrincipalClient, auth),
        nobody,
        nobody,
        uses,
        counts,
        SecretAttempts(redis, "key"),
    )


def until(asked: int, auth: HangingAuth) -> None:
    deadline = time.monotonic() + 10
    while len(auth.asked) < asked and time.monotonic() < deadline:
        time.sleep(0.005)


def test_an_auth_that_hangs_is_asked_so_many_questions_and_no_more(
    redis_client: Redis, stale_keys: list[str]
) -> None:
    auth = HangingAuth()
    gateway = service(redis_client, auth)
    for key in stale_keys:
        assert gateway.authenticate(Headers({"x-api-key": key}), HERE).key == "key_1"
    until(RENEWALS_AT_ONCE, auth)
    assert len(auth.asked) == RENEWALS_AT_ONCE
    auth.let_go.set()


def test_once_it_has_answered_it_is_asked_again(
    redis_client: Redis, stale_keys: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A renewal that failed gives its place back."""
    monkeypatch.setattr("tollgate_gateway.principals.service.SPARED_SECONDS", 0.0)
    auth = HangingAuth()
    auth.let_go.set()
    gateway = service(redis_client, auth)
    for count, key in enumerate(stale_keys, start=1):
        gateway.authenticate(Headers({"x-api-key": key}), HERE)
        until(count, auth)
    assert len(auth.asked) == len(stale_keys)
