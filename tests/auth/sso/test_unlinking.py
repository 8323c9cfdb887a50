"""Somebody whose `sub` has changed at the provider is let in again by an administrator."""

from collections.abc import Callable
from typing import Any

import jwt
import pytest

from tests.auth.conftest import Caller, Org
from tests.auth.sso.conftest import Browser, MakeSso, Sso
from tests.auth.sso.running import OpenIdProvider


@pytest.fixture
def person(sso: Sso, idp: OpenIdProvider, browser: Browser) -> dict[str, Any]:
    """Somebody who is linked."""
    person = sso.person()
    idp.seat(person)
    assert browser.log_in(sso).code
    return person


def user_of(sso: Sso, person: dict[str, Any]) -> str:
    return str(sso.users()[person["email"]]["id"])


def unlink(by: Caller, user: str, name: str) -> int:
    return by.delete(f"/users/{user}/identities/{name}").status_code


def test_another_sub_is_let_in_after_unlinking(
    sso: Sso, org: Org, idp: OpenIdProvider, browser: Browser, person: dict[str, Any]
) -> None:
    user = user_of(sso, person)
    idp.seat(person | {"sub": "another"})
    assert browser.log_in(sso).error
    assert unlink(org.user("admin"), user, sso.name) == 204
    assert browser.log_in(sso).code
    assert user_of(sso, person) == user
    (entry,) = sso.audited("user.unlinked")
    assert entry["before"] == {"sso": sso.made["id"], "subject": person["sub"]}
    assert entry["target"] == {"kind": "user", "id": user}
    idp.seat(person)
    assert browser.log_in(sso).error


def test_the_sessions_of_whoever_is_unlinked_end(
    sso: Sso, org: Org, idp: OpenIdProvider, browser: Browser, person: dict[str, Any]
) -> None:
    tokens = browser.exchange(browser.log_in(sso).code).get_json()
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    assert unlink(org.owner, user_of(sso, person), sso.name) == 204
    body = {"refresh_token": tokens["refresh_token"]}
    assert org.app.test_client().post("/api/v1/auth/refresh", json=body).status_code == 401
    assert claims["sub"] == user_of(sso, person)


def test_who_may_not_handle_the_user_unlinks_nobody(
    sso: Sso, org: Org, person: dict[str, Any]
) -> None:
    user, admin = user_of(sso, person), org.user("admin")
    assert unlink(org.user("member"), user, sso.name) == 403
    org.owner.patch(f"/users/{user}", {"role": "owner"})
    assert unlink(admin, user, sso.name) == 403
    assert unlink(org.owner, user, sso.name) == 204


def test_what_is_not_there_is_404(
    sso: Sso,
    make_sso: MakeSso,
    org: Org,
    other_org: Org,
    person: dict[str, Any],
    unknown_id: Callable[[str], str],
) -> None:
    user, theirs = user_of(sso, person), make_sso(org=other_org)
    assert unlink(other_org.owner, user, sso.name) == 404
    assert unlink(other_org.owner, user, theirs.name) == 404
    for name in ("nobodys", theirs.name, make_sso().name, "No%20Name"):
        assert unlink(org.owner, user, name) == 404, name
    assert unlink(org.owner, unknown_id("usr"), sso.name) == 404
    assert unlink(org.owner, user, sso.name) == 204
    assert unlink(org.owner, user, sso.name) == 404
