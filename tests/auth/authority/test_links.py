"""A link is good for what its maker may still do, to the user that it was made for."""

import secrets
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask

from tests.auth.conftest import PASSWORD, Key, Org, User
from tests.auth.members.conftest import close

NEW = "another long password"


def reset(app: Flask, link: str) -> int:
    body = {"token": urlsplit(link).fragment, "password": NEW}
    return app.test_client().post("/api/v1/auth/password/reset", json=body).status_code


def reset_link(by: Any, user: User) -> str:
    made = by.post(f"/users/{user.id}/password-reset")
    assert made.status_code == 201, made.text
    return str(made.get_json()["link"])


def invite(by: Any, role: str = "member") -> dict[str, Any]:
    body = {"email": f"{secrets.token_hex(6)}@example.com", "role": role, "days": 30}
    made = by.post("/invitations", body)
    assert made.status_code == 201, made.text
    return dict(made.get_json())


def accept(app: Flask, invitation: dict[str, Any]) -> int:
    body = {"token": urlsplit(invitation["link"]).fragment, "password": PASSWORD}
    return app.test_client().post("/api/v1/invitations/accept", json=body).status_code


@pytest.fixture
def admin(org: Org) -> User:
    return org.user("admin", password=PASSWORD)


def change(org: Org, user: User, **fields: Any) -> None:
    assert org.owner.patch(f"/users/{user.id}", fields).status_code == 200


def test_a_link_from_before_a_promotion_does_not_work(app: Flask, org: Org, admin: User) -> None:
    user = org.user("member", password=PASSWORD)
    link = reset_link(admin, user)
    change(org, user, role="owner")
    assert reset(app, link) == 400
    assert reset(app, reset_link(org.owner, user)) == 204


def test_a_link_goes_on_where_the_user_has_as_many_rights(
    app: Flask, org: Org, admin: User
) -> None:
    user = org.user("member", password=PASSWORD)
    link = reset_link(admin, user)
    change(org, user, name="Ada")
    assert reset(app, link) == 204


@pytest.mark.parametrize("fields", [{"active": False}, {"role": "member"}, {"role": "viewer"}])
def test_the_links_of_whoever_loses_their_rights_end_for_good(
    app: Flask, org: Org, admin: User, fields: dict[str, Any]
) -> None:
    user = org.user("member", password=PASSWORD)
    link, invitation = reset_link(admin, user), invite(admin, "admin")
    change(org, admin, **fields)
    assert (reset(app, link), accept(app, invitation)) == (400, 400)
    change(org, admin, active=True, role="admin")
    assert (reset(app, link), accept(app, invitation)) == (400, 400)
    shown = org.owner.get(f"/invitations/{invitation['id']}").get_json()
    assert shown["status"] == "revoked"
    assert accept(app, invite(admin, "admin")) == 200


def test_the_link_of_somebody_who_is_deactivated_does_not_come_back_with_them(
    app: Flask, org: Org, admin: User
) -> None:
    user = org.user("member", password=PASSWORD)
    link = reset_link(admin, user)
    change(org, user, active=False)
    change(org, user, active=True)
    assert reset(app, link) == 400


def test_a_keys_links_end_with_the_key_and_with_its_user(app: Flask, org: Org, admin: User) -> None:
    close(org)
    scopes = org.owner.get("/roles?name=member").get_json()["data"][0]["permissions"]
    key: Key = org.key(by=admin, scopes=[*scopes, "users:write"])
    first, second, third = (invite(key) for _ in range(3))
    assert accept(app, first) == 200
    narrowed = org.owner.patch(f"/keys/{key.id}", {"models": ["sandbox"]})
    assert narrowed.status_code == 200
    assert accept(app, second) == 400
    org.owner.patch(f"/keys/{key.id}", {"models": ["*"]})
    change(org, admin, active=False)
    assert accept(app, third) == 400


def test_a_service_accounts_invitations_end_with_it(app: Flask, org: Org) -> None:
    close(org)
    roles = org.owner.get("/roles?name=viewer").get_json()["data"]
    scopes = [*roles[0]["permissions"], "users:write"]
    account = org.owner.post("/service-accounts", {"name": "r", "scopes": scopes}).get_json()
    robot = User(app, {"id": account["id"], "email": ""})
    first, second = invite(robot, "viewer"), invite(robot, "viewer")
    assert accept(app, first) == 200
    org.owner.delete(f"/service-accounts/{account['id']}")
    assert accept(app, second) == 400
