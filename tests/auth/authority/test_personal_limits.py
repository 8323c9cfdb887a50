"""What a person makes for others counts on the person's own limits only where they could not lift
these."""

import jwt
import pytest
from sqlalchemy import text

from tests.auth.conftest import PASSWORD, Caller, Org, User
from tests.auth.test_every_limit import every
from tollgate_auth.extensions import db
from tollgate_auth.roles.permissions import ROLES

DAY = {"metric": "requests", "window": "day", "max": "1"}


@pytest.fixture
def admin(org: Org) -> User:
    """Somebody with a limit of their own."""
    admin = org.user("admin", password=PASSWORD)
    limit = DAY | {"subject": {"kind": "user", "id": admin.id}}
    assert org.owner.post("/limits", limit).status_code == 201
    return admin


@pytest.fixture
def without_limits(org: Org, admin: User) -> Caller:
    """The same person in a session that may not change limits."""
    body = {"email": admin.email, "password": PASSWORD}
    tokens = org.app.test_client().post("/api/v1/auth/login", json=body).get_json()
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    scopes = [scope for scope in ROLES["admin"] if scope != "limits:write"]
    with org.app.app_context():
        statement = text("UPDATE sessions SET scopes = :scopes WHERE id = :id")
        db.session.execute(statement, {"scopes": scopes, "id": claims["sid"]})
        db.session.commit()
    return Caller(org.app, session_id=claims["sid"])


def made(org: Org, by: Caller, member: User) -> dict[str, Caller]:
    account = by.post("/service-accounts", {"name": "robot"}).get_json()["id"]
    return {
        "account": Caller(org.app, user_id=account),
        "another's": org.key(by=by, user_id=member.id),
        "the project's": org.key(by=by, user_id=None),
    }


def limits_of(caller: Caller) -> list[str]:
    return [limit.subject.id for limit in caller.principal().limits]


def test_an_administrators_budget_is_not_for_what_they_make_for_others(
    org: Org, admin: User
) -> None:
    for name, caller in made(org, admin, org.user("member")).items():
        assert limits_of(caller) == [], name
    assert limits_of(org.key(by=admin)) == [admin.id]


def test_whoever_could_not_lift_their_limit_does_not_escape_it(
    org: Org, admin: User, without_limits: Caller
) -> None:
    callers = made(org, without_limits, org.user("member"))
    for name, caller in callers.items():
        assert limits_of(caller) == [admin.id], name
    (limit,) = (each for each in every(org.app) if each["subject"]["id"] == admin.id)
    assert len(limit["counts_also"]["key"]) == 2
    assert limit["counts_also"]["user"] == [callers["account"].principal().user]


def test_their_own_key_counts_on_the_limit_until_somebody_who_may_gives_it_on(
    org: Org, admin: User, without_limits: Caller
) -> None:
    key = org.key(by=without_limits)
    assert limits_of(key) == [admin.id]
    refused = without_limits.patch(f"/keys/{key.id}", {"user_id": None})
    assert (refused.status_code, refused.get_json()["param"]) == (403, "limits")
    others = org.key()
    assert org.owner.patch(f"/keys/{others.id}", {"user_id": None}).status_code == 200
    assert admin.patch(f"/keys/{key.id}", {"user_id": None}).status_code == 200
    assert limits_of(key) == []


def test_each_role_that_makes_for_others_may_change_limits() -> None:
    making = {name for name, permissions in ROLES.items() if "users:write" in permissions}
    assert making == {"owner", "admin"}
    assert all("limits:write" in ROLES[name] for name in making)
