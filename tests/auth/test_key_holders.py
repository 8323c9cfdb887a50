"""Whose a key is: made for somebody, inactive while they are away, given to another."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.auth.conftest import Key, Org, Service, User
from tollgate_common import keyformat


def works(gateway: Service, key: Key) -> bool:
    return gateway.principal(key_hash=keyformat.hash_of(key.text)).status_code == 200


def shown(org: Org, key: Key) -> dict[str, Any]:
    found: dict[str, Any] = org.owner.get(f"/keys/{key.id}").get_json()
    return found


def give(by: Any, key: Key, user_id: str | None) -> tuple[int, str | None]:
    answer = by.patch(f"/keys/{key.id}", {"user_id": user_id})
    return answer.status_code, answer.get_json().get("param")


def test_names_are_beside_ids(org: Org) -> None:
    member = org.user("member", name="Ada")
    key = org.key(by=member)
    (row,) = org.owner.get("/keys").get_json()["data"]
    assert (row["user_id"], row["user_name"]) == (member.id, "Ada")
    assert row["project_name"] == "default"
    assert key.made["user_name"] == "Ada"
    org.owner.patch(f"/projects/{row['project_id']}", {"name": "Blue team"})
    assert shown(org, key)["project_name"] == "Blue team"


def test_a_leavers_key_is_inactive_and_works_again_for_another_user(
    org: Org, gateway: Service
) -> None:
    member, other = org.user("member"), org.user("member", name="Grace")
    key = org.key(by=member)
    assert (shown(org, key)["status"], shown(org, key)["active"]) == ("active", True)
    org.owner.patch(f"/users/{member.id}", {"active": False})
    assert (shown(org, key)["status"], shown(org, key)["active"]) == ("inactive", False)
    assert not works(gateway, key)
    assert give(org.owner, key, other.id) == (200, None)
    assert works(gateway, key)
    now = shown(org, key)
    assert (now["user_name"], now["status"]) == ("Grace", "active")
    assert gateway.principal(key_id=key.id).get_json()["user"] == other.id


def test_a_leavers_key_can_be_the_projects(org: Org, gateway: Service) -> None:
    member = org.user("member")
    key = org.key(by=member)
    org.owner.patch(f"/users/{member.id}", {"active": False})
    assert give(org.owner, key, None) == (200, None)
    assert works(gateway, key)
    now = shown(org, key)
    assert (now["user_id"], now["user_name"], now["active"]) == (None, None, True)


def test_who_comes_back_has_their_keys_again(org: Org, gateway: Service) -> None:
    member = org.user("member")
    key = org.key(by=member)
    for active in (False, True):
        org.owner.patch(f"/users/{member.id}", {"active": active})
        assert works(gateway, key) is active


def test_a_service_account_that_has_ended_leaves_inactive_keys(org: Org) -> None:
    body = {"name": "nightly", "scopes": ["inference", "keys:write"]}
    account = org.owner.post("/service-accounts", body).get_json()
    key = org.key(by=User(org.app, account | {"email": ""}))
    org.owner.delete(f"/service-accounts/{account['id']}")
    row = shown(org, key)
    assert (row["status"], row["user_name"]) == ("inactive", "nightly")


def test_a_transfer_is_in_the_audit_log(org: Org) -> None:
    key, member = org.key(), org.user("member")
    give(org.owner, key, member.id)
    query = {"target": key.id, "action": "key.changed"}
    (entry,) = org.owner.get("/audit-log", query_string=query).get_json()["data"]
    assert entry["before"]["user_id"] == org.owner_id
    assert entry["after"]["user_id"] == member.id


def test_an_administrator_makes_a_key_for_somebody(org: Org, gateway: Service) -> None:
    admin, member = org.user("admin"), org.user("member")
    key = org.key(by=admin, user_id=member.id)
    assert key.made["user_id"] == member.id
    assert gateway.principal(key_id=key.id).get_json()["user"] == member.id
    projects = org.key(by=admin, user_id=None)
    assert projects.made["user_id"] is None
    assert org.key(by=admin).made["user_id"] == admin.id


@pytest.mark.parametrize("to", ["other", "nobody"])
def test_who_may_not_write_users_gives_no_key_away(org: Org, to: str) -> None:
    member, other = org.user("member"), org.user("member")
    holder = other.id if to == "other" else None
    own = org.key(by=member)
    assert give(member, own, holder)[0] == 403
    assert member.post("/keys", {"name": "k", "user_id": holder}).status_code == 403
    assert give(member, own, member.id) == (200, None)
    assert member.post("/keys", {"name": "k", "user_id": member.id}).status_code == 201


def test_nobody_gives_a_key_to_who_may_more_than_they(org: Org) -> None:
    admin = org.user("admin")
    key = org.key(by=admin)
    assert give(admin, key, org.owner_id) == (403, "role")
    made = admin.post("/keys", {"name": "k", "user_id": org.owner_id})
    assert made.status_code == 403


def test_nobody_gives_on_a_key_that_may_more_than_they(org: Org) -> None:
    admin, member = org.user("admin"), org.user("member")
    beyond = org.key(scopes=["sso:write", "inference"])
    assert give(admin, beyond, member.id) == (403, "scopes")
    tester = org.key(mode="test", scopes=["keys:write", "users:write", "inference"])
    live = org.key()
    assert give(tester, live, None) == (403, "mode")


def test_a_key_keeps_no_scope_that_its_new_user_lacks(org: Org) -> None:
    viewer = org.user("viewer")
    assert give(org.owner, org.key(), viewer.id) == (403, "scopes")
    readable = org.key(scopes=["usage:read"])
    assert give(org.owner, readable, viewer.id) == (200, None)
    both = org.key(scopes=["usage:read", "inference"])
    narrowed = {"user_id": viewer.id, "scopes": ["usage:read"]}
    assert org.owner.patch(f"/keys/{both.id}", narrowed).status_code == 200


def test_whom_a_key_cannot_go_to_is_named(
    org: Org, other_org: Org, unknown_id: Callable[[str], str]
) -> None:
    key, gone = org.key(), org.user("member")
    account = org.owner.post("/service-accounts", {"name": "nightly"}).get_json()["id"]
    org.owner.patch(f"/users/{gone.id}", {"active": False})
    assert give(org.owner, key, gone.id) == (409, "user_id")
    for nobody in (unknown_id("usr"), other_org.owner_id, account):
        assert give(org.owner, key, nobody) == (404, "user_id")
    assert give(org.owner, key, "ada") == (422, "user_id")


def test_a_revoked_key_stays_with_its_user(org: Org) -> None:
    key, member = org.key(), org.user("member")
    org.owner.delete(f"/keys/{key.id}")
    assert give(org.owner, key, member.id)[0] == 409


def test_a_projects_key_handles_the_keys_of_its_project_alone(org: Org) -> None:
    project = org.owner.post("/projects", {"name": "other"}).get_json()["id"]
    scopes = ["keys:write", "inference"]
    own = org.key(user_id=None, scopes=scopes)
    beside, foreign = org.key(user_id=None), org.key(user_id=None, project_id=project)
    assert own.patch(f"/keys/{beside.id}", {"name": "renamed"}).status_code == 200
    assert own.patch(f"/keys/{foreign.id}", {"name": "renamed"}).status_code == 404
    assert own.delete(f"/keys/{org.key().id}").status_code == 403
