"""Uses of keys: noted once a minute, told in batches, told again when auth has not taken them."""

from typing import Any, cast

import pytest

from tollgate_common.errors import DependencyDown
from tollgate_common.http import ControlClient, ServiceTokens
from tollgate_gateway.principals import uses as uses_module
from tollgate_gateway.principals.uses import KeyUses


class Answer:
    ok = True


class Auth:
    """Stands where uses are told: it takes them, or does not answer."""

    def __init__(self) -> None:
        self.told: list[dict[str, int]] = []
        self.down = False

    def request(self, method: str, path: str, **more: Any) -> Answer:
        if self.down:
            raise DependencyDown("auth")
        assert (method, path, more["token"]) == ("POST", uses_module.PATH, "a token")
        self.told.append(more["json"]["keys"])
        return Answer()


class Tokens:
    def get(self, audience: str, scope: str) -> str:
        assert (audience, scope) == ("auth", "keys:use")
        return "a token"


@pytest.fixture
def auth() -> Auth:
    return Auth()


@pytest.fixture
def uses(auth: Auth) -> KeyUses:
    return KeyUses(cast(ControlClient, auth), cast(ServiceTokens, Tokens()))


def test_a_key_is_told_once_however_often_it_is_used(auth: Auth, uses: KeyUses) -> None:
    for _ in range(3):
        uses.note("key_1")
        uses.tell()
    assert [list(told) for told in auth.told] == [["key_1"]]


def test_after_a_minute_it_is_told_again(
    auth: Auth, uses: KeyUses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uses_module, "NOTED_EVERY_SECONDS", -1.0)
    for _ in range(2):
        uses.note("key_1")
        uses.tell()
    assert len(auth.told) == 2


def test_what_was_not_taken_is_told_the_next_time(auth: Auth, uses: KeyUses) -> None:
    auth.down = True
    uses.note("key_1")
    with pytest.raises(DependencyDown):
        uses.tell()
    auth.down = False
    uses.note("key_2")
    uses.tell()
    assert sorted(auth.told[0]) == ["key_1", "key_2"]


def test_many_are_told_in_batches_and_memory_is_bounded(
    auth: Auth, uses: KeyUses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uses_module, "KEYS", 2500)
    for number in range(6000):
        uses.note(f"key_{number}")
    assert len(uses._noted) <= 2500
    uses.tell()
    assert max(len(told) for told in auth.told) == uses_module.AT_ONCE
    assert sum(len(told) for told in auth.told) == len({k for told in auth.told for k in told})


def test_while_auth_is_down_the_latest_uses_are_kept(
    auth: Auth, uses: KeyUses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uses_module, "KEYS", 3)
    monkeypatch.setattr(uses_module, "NOTED_EVERY_SECONDS", -1.0)
    auth.down = True
    for key in ("key_1", "key_2", "key_3", "key_1", "key_4"):
        uses.note(key)
        with pytest.raises(DependencyDown):
            uses.tell()
    auth.down = False
    uses.tell()
    assert [list(told) for told in auth.told] == [["key_3", "key_1", "key_4"]]
