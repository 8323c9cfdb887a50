"""Whose a service account is: a person who answers for it, and who changes nothing of what it may
do."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from tests.auth.conftest import Caller, Org, User
from tollgate_auth.extensions import db
from tollgate_auth.migrations import MIGRATIONS

SCOPES = ["inference", "users:write", "keys:write"]


def make(by: Caller, **fields: Any) -> dict[str, Any]:
    made = by.post("/service-accounts", {"name": "robot"} | fields)
    assert made.status_code == 201, made.text
    return dict(made.get_json())


def refusal(answer: Any) -> tuple[int, str | None]:
    return answer.status_code, answer.get_json().get("param")


def give(by: Caller, account: dict[str, Any], owner_id: str | None) -> tuple[int, str | None]:
    answer = by.patch(f"/service-accounts/{account['id']}", {"owner_id": owner_id})
    return refusal(answer)


@pytest.fixture
def admin(org: Org) -> User:
    return org.user("admin")


def test_whoever_makes_an_account_owns_it(org: Org, admin: User) -> None:
    assert make(admin)["owner_id"] == admin.id
    assert make(org.key(by=admin, scopes=SCOPES))["owner_id"] == admin.id
    account = make(admin, scopes=SCOPES)
    below = make(Caller(org.app, user_id=account["id"]))
    assert below["owner_id"] == admin.id
    assert make(org.key(user_id=None, scopes=SCOPES))["owner_id"] is None
    assert make(admin, owner_id=None)["owner_id"] is None


def test_an_administrator_names_another_owner(org: Org, admin: User) -> None:
    member = org.user("member")
    theirs, own = make(admin, owner_id=member.id), make(admin)
    assert theirs["owner_id"] == member.id
    assert give(admin, own, member.id) == (200, None)
    assert org.owner.get(f"/service-accounts/{own['id']}").get_json()["owner_id"] == member.id
    query = {"owner_id": member.id}
    listed = org.owner.get("/service-accounts", query_string=query).get_json()["data"]
    assert [row["id"] for row in listed] == [own["id"], theirs["id"]]
    (entry,) = org.owner.get(
        "/audit-log", query_string={"target": own["id"], "action": "service_account.changed"}
    ).get_json()["data"]
    assert (entry["before"]["owner_id"], entry["after"]["owner_id"]) == (admin.id, member.id)
    assert give(admin, own, None) == (200, None)


def test_an_owner_may_do_what_the_account_may(org: Org, admin: User) -> None:
    viewer, member = org.user("viewer"), org.user("member")
    body = {"name": "robot", "owner_id": viewer.id}
    assert refusal(admin.post("/service-accounts", body)) == (403, "scopes")
    account = make(admin, owner_id=member.id)
    assert give(admin, account, viewer.id) == (403, "scopes")
    path = f"/service-accounts/{account['id']}"
    assert refusal(admin.patch(path, {"scopes": ["audit:read"]})) == (403, "scopes")
    both = {"scopes": ["usage:read"], "owner_id": viewer.id}
    assert admin.patch(path, both).status_code == 200


def test_nobody_names_an_owner_who_may_more_than_they(org: Org, admin: User) -> None:
    assert give(admin, make(admin), org.owner_id) == (403, "role")
    by = org.key(by=admin, scopes=["users:write", "inference"])
    assert give(by, make(by), admin.id) == (200, None)
    assert give(by, make(by), org.user("member").id) == (403, "role")


def test_who_cannot_be_an_owner_is_named(
    org: Org, other_org: Org, admin: User, unknown_id: Callable[[str], str]
) -> None:
    account, gone = make(admin), org.user("member")
    org.owner.patch(f"/users/{gone.id}", {"active": False})
    assert give(admin, account, gone.id) == (409, "owner_id")
    for nobody in (unknown_id("usr"), other_org.owner_id, account["id"]):
        assert give(admin, account, nobody) == (404, "owner_id")
        body = {"name": "robot", "owner_id": nobody}
        assert refusal(admin.post("/service-accounts", body)) == (404, "owner_id")
    assert give(admin, account, "ada") == (422, "owner_id")
    assert give(other_org.owner, account, other_org.owner_id)[0] == 404
    listed = other_org.owner.get(f"/service-accounts?owner_id={admin.id}").get_json()["data"]
    assert listed == []


def test_what_an_account_may_do_does_not_go_by_its_owner(org: Org, admin: User) -> None:
    member = org.user("member")
    account = make(admin, owner_id=member.id)
    org.owner.patch(f"/users/{member.id}", {"active": False})
    assert Caller(org.app, user_id=account["id"]).principal().scopes == ("inference",)


def test_accounts_from_before_get_the_owner_that_the_audit_log_names(empty_app: Flask) -> None:
    org = Org(empty_app)
    admin, leaver = org.user("admin"), org.user("admin")
    by_person, by_key = make(admin), make(org.key(by=admin, scopes=SCOPES))
    by_machine = make(Caller(org.app, user_id=make(admin, scopes=SCOPES)["id"]))
    of_leaver = make(leaver)
    org.owner.patch(f"/users/{leaver.id}", {"active": False})
    MIGRATIONS.downgrade(empty_app.config["SQLALCHEMY_DATABASE_URI"], "0011")
    MIGRATIONS.upgrade(empty_app.config["SQLALCHEMY_DATABASE_URI"])
    with empty_app.app_context():
        found = db.session.execute(text("SELECT id, owner_id FROM service_accounts"))
        owners = {row.id: row.owner_id for row in found}
    assert owners[by_person["id"]] == owners[by_key["id"]] == admin.id
    assert owners[by_machine["id"]] is None
    assert owners[of_leaver["id"]] is None
