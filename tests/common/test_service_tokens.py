"""A service's own tokens are renewed often, and last where auth does not answer."""

from typing import Any, cast

import pytest

from tollgate_common.errors import DependencyDown
from tollgate_common.http import RENEW_AFTER_SECONDS, ControlClient, ServiceTokens


class Auth:
    """Hands out numbered tokens that live for a quarter of an hour."""

    def __init__(self) -> None:
        self.granted = 0
        self.is_down = False

    def json(self, *_: Any, **__: Any) -> Any:
        if self.is_down:
            raise DependencyDown("auth")
        self.granted += 1
        return {"access_token": f"token {self.granted}", "expires_in": 900}


@pytest.fixture
def auth() -> Auth:
    return Auth()


@pytest.fixture
def tokens(auth: Auth) -> ServiceTokens:
    return ServiceTokens(cast(ControlClient, auth), "gateway", "secret")


def age(tokens: ServiceTokens, seconds: float) -> None:
    for name, token in tokens._tokens.items():
        tokens._tokens[name] = token._replace(
            renew_at=token.renew_at - seconds, ends_at=token.ends_at - seconds
        )


def test_a_token_is_used_for_a_minute(auth: Auth, tokens: ServiceTokens) -> None:
    assert [tokens.get("llm", "a:b") for _ in range(3)] == ["token 1"] * 3
    age(tokens, RENEW_AFTER_SECONDS)
    assert [tokens.get("llm", "a:b") for _ in range(3)] == ["token 2"] * 3
    assert tokens.get("auth", "a:b") == "token 3"


def test_with_auth_down_it_is_used_until_shortly_before_it_expires(
    auth: Auth, tokens: ServiceTokens
) -> None:
    tokens.get("llm", "a:b")
    auth.is_down = True
    age(tokens, RENEW_AFTER_SECONDS)
    assert tokens.get("llm", "a:b") == "token 1"
    age(tokens, 900)
    with pytest.raises(DependencyDown):
        tokens.get("llm", "a:b")
    auth.is_down = False
    assert tokens.get("llm", "a:b") == "token 2"


def test_while_somebody_renews_it_the_others_do_not_wait(auth: Auth, tokens: ServiceTokens) -> None:
    tokens.get("llm", "a:b")
    age(tokens, RENEW_AFTER_SECONDS)
    with tokens._lock:
        assert tokens.get("llm", "a:b") == "token 1"
    assert tokens.get("llm", "a:b") == "token 2"
