"""Somebody leaves: what is theirs goes to a successor or ends, in one transaction."""

import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask

from tests.auth.conftest import PASSWORD, Caller, Key, Org, Service, User
from tests.auth.members.conftest import close
from tests.auth.test_account_owners import make
from tests.auth.test_key_holders import works

HANDLING = ["users:read", "users:write", "keys:read", "keys:write", "inference"]


@pytest.fixture
def admin(org: Org) -> User:
    return org.user("admin")


@pytest.fixture
def leaver(org: Org) -> User:
    return org.user("admin", password=PASSWORD)


@pytest.fixture
def successor(org: Org) -> User:
    return org.user("member")


def offboard(by: Caller, user: str, **body: Any) -> Any:
    return by.post(f"/users/{user}/offboard", body)


def refusal(answer: Any) -> tuple[int, str | None, str]:
    body = answer.get_json()
    return answer.status_code, body.get("param"), str(body.get("detail"))


def log_in(app: Flask, user: User) -> str:
    body = {"email": user.email, "password": PASSWORD}
    tokens = app.test_client().post("/api/v1/auth/login", json=body).get_json()
    return str(tokens["refresh_token"])


def refreshed(app: Flask, token: str) -> int:
    body = {"refresh_token": token}
    return app.test_client().post("/api/v1/auth/refresh", json=body).status_code


def invite(by: Caller) -> dict[str, Any]:
    body = {"email": f"{secrets.token_hex(6)}@example.com", "role": "viewer"}
    made = by.post("/invitations", body)
    assert made.status_code == 201, made.text
    return dict(made.get_json())


def audited(org: Org, **query: str) -> list[dict[str, Any]]:
    return list(org.owner.get("/audit-log", query_string=query).get_json()["data"])


def state(org: Org) -> Any:
    return [org.owner.get(path).get_json() for path in ("/users", "/keys", "/service-accounts")]


class TestBelongings:
    def test_what_somebody_has_is_shown(self, app: Flask, org: Org, leaver: User) -> None:
        key, revoked = org.key(by=leaver, name="own"), org.key(by=leaver)
        org.owner.delete(f"/keys/{revoked.id}")
        org.key(user_id=None)
        maker = org.key(by=leaver, scopes=[*HANDLING, "usage:read"])
        owned, given = make(leaver, name="owned"), make(maker, name="given")
        ended = make(leaver)
        org.owner.delete(f"/service-accounts/{ended['id']}")
        org.owner.patch(f"/service-accounts/{given['id']}", {"owner_id": org.owner_id})
        make(org.owner)
        invitation = invite(leaver)
        log_in(app, leaver)
        found = org.user("admin").get(f"/users/{leaver.id}/belongings").get_json()
        assert found["keys"]["count"] == 2
        assert [row["id"] for row in found["keys"]["data"]] == [maker.id, key.id]
        assert found["keys"]["data"][1] == {
            "id": key.id,
            "name": "own",
            "project_id": key.made["project_id"],
            "mode": "live",
        }
        owners = {row["id"]: row["owner_id"] for row in found["service_accounts"]["data"]}
        assert owners == {owned["id"]: leaver.id, given["id"]: org.owner_id}
        assert found["invitations"]["data"] == [
            {"id": invitation["id"], "email": invitation["email"], "role": "viewer"}
        ]
        assert (found["sessions"], found["identities"]) == (1, [])

    def test_a_list_is_bounded_and_counted(self, org: Org, leaver: User) -> None:
        for _ in range(103):
            org.key(by=leaver)
        keys = org.owner.get(f"/users/{leaver.id}/belongings").get_json()["keys"]
        assert (keys["count"], len(keys["data"])) == (103, 100)

    def test_who_may_not_read_them_is_refused(
        self, org: Org, other_org: Org, leaver: User, unknown_id: Callable[[str], str]
    ) -> None:
        path = f"/users/{leaver.id}/belongings"
        assert org.user("member").get(path).status_code == 403
        assert org.key(scopes=["users:read"]).get(path).status_code == 403
        theirs = other_org.owner.get(path)
        assert refusal(theirs) == refusal(
            other_org.owner.get(f"/users/{unknown_id('usr')}/belongings")
        )
        assert theirs.status_code == 404

    def test_a_machine_sees_those_of_its_project(self, org: Org, leaver: User) -> None:
        other = org.owner.post("/projects", {"name": "other"}).get_json()["id"]
        here, there = org.key(by=leaver), org.key(by=leaver, project_id=other)
        account = make(leaver, project_id=other)
        path = f"/users/{leaver.id}/belongings"
        for project, key, accounts in ((None, here, []), (other, there, [account["id"]])):
            seen = org.key(scopes=HANDLING, project_id=project).get(path).get_json()
            assert [row["id"] for row in seen["keys"]["data"]] == [key.id]
            assert [row["id"] for row in seen["service_accounts"]["data"]] == accounts


class TestTransfer:
    def test_keys_and_accounts_go_to_the_successor(
        self, app: Flask, org: Org, admin: User, leaver: User, successor: User, gateway: Service
    ) -> None:
        key, account = org.key(by=leaver), make(leaver)
        token, invitation = log_in(app, leaver), invite(leaver)
        version = key.principal().version
        done = offboard(admin, leaver.id, transfer_to=successor.id)
        assert done.status_code == 200, done.text
        told = done.get_json()
        assert (told["user"]["active"], told["transferred_to"]) == (False, successor.id)
        assert [row["id"] for row in told["keys"]["data"]] == [key.id]
        assert [row["id"] for row in told["service_accounts"]["data"]] == [account["id"]]
        assert (told["invitations"], told["sessions"]) == (1, 1)
        assert works(gateway, key)
        principal = key.principal()
        assert (principal.user, principal.version > version) == (successor.id, True)
        path = f"/service-accounts/{account['id']}"
        shown = org.owner.get(path).get_json()
        assert (shown["owner_id"], shown["active"]) == (successor.id, True)
        assert refreshed(app, token) == 401
        shown = org.owner.get(f"/invitations/{invitation['id']}").get_json()
        assert shown["status"] == "revoked"

    def test_it_is_audited(self, org: Org, admin: User, leaver: User, successor: User) -> None:
        key, account, invitation = org.key(by=leaver), make(leaver), invite(leaver)
        offboard(admin, leaver.id, transfer_to=successor.id)
        (entry,) = audited(org, target=leaver.id, action="user.offboarded")
        assert entry["actor"]["id"] == admin.id
        assert (entry["before"]["active"], entry["after"]["active"]) == (True, False)
        after = {name: entry["after"][name] for name in ("keys", "service_accounts")}
        assert after == {"keys": [key.id], "service_accounts": [account["id"]]}
        assert entry["after"]["transferred_to"] == successor.id
        assert (entry["after"]["invitations"], entry["after"]["sessions"]) == (
            [invitation["id"]],
            0,
        )
        (moved,) = audited(org, target=key.id, action="key.changed")
        assert (moved["before"], moved["after"]) == (
            {"user_id": leaver.id},
            {"user_id": successor.id},
        )
        (given,) = audited(org, target=account["id"], action="service_account.changed")
        assert given["after"] == {"owner_id": successor.id}

    @pytest.mark.parametrize("what", ["key", "service account"])
    def test_what_the_successor_could_not_have_is_named_and_nothing_changes(
        self, app: Flask, org: Org, admin: User, leaver: User, successor: User, what: str
    ) -> None:
        org.key(by=leaver)
        beyond = {"scopes": ["audit:read"]}
        named = org.key(by=leaver, **beyond).id if what == "key" else make(leaver, **beyond)["id"]
        token, before = log_in(app, leaver), state(org)
        status, param, detail = refusal(offboard(admin, leaver.id, transfer_to=successor.id))
        assert (status, param) == (403, "transfer_to")
        assert detail == f"{named}: The user does not have the scope audit:read."
        assert state(org) == before
        assert refreshed(app, token) == 200
        assert audited(org, action="user.offboarded") == []

    def test_what_the_caller_could_not_have_is_named(
        self, org: Org, admin: User, leaver: User
    ) -> None:
        org.owner.patch(f"/users/{leaver.id}", {"role": "owner"})
        key = org.key(by=leaver, scopes=["sso:write"])
        org.owner.patch(f"/users/{leaver.id}", {"role": "admin"})
        second = org.user("admin")
        refused = offboard(admin, leaver.id, transfer_to=second.id)
        assert refusal(refused)[:2] == (403, "transfer_to")
        assert refusal(refused)[2].startswith(f"{key.id}: ")
        assert offboard(admin, leaver.id, revoke=True).status_code == 200

    def test_who_cannot_be_the_successor_is_named(
        self, org: Org, other_org: Org, admin: User, leaver: User, unknown_id: Callable[[str], str]
    ) -> None:
        gone, account = org.user("member"), make(admin)
        org.owner.patch(f"/users/{gone.id}", {"active": False})
        before = state(org)
        for successor_id, status in (
            (gone.id, 409),
            (other_org.owner_id, 404),
            (unknown_id("usr"), 404),
            (account["id"], 404),
            (leaver.id, 422),
            ("ada", 422),
        ):
            refused = refusal(offboard(admin, leaver.id, transfer_to=successor_id))
            assert refused[:2] == (status, "transfer_to"), successor_id
        assert refusal(offboard(admin, leaver.id, transfer_to=org.owner_id))[:2] == (403, "role")
        assert state(org) == before

    def test_whoever_does_it_can_be_the_successor(
        self, org: Org, admin: User, leaver: User
    ) -> None:
        key = org.key(by=leaver)
        assert offboard(admin, leaver.id, transfer_to=admin.id).status_code == 200
        assert key.principal().user == admin.id

    def test_limits_of_makers_go_on_and_the_successors_bind(
        self, org: Org, admin: User, leaver: User, successor: User
    ) -> None:
        day = {"metric": "requests", "window": "day", "max": "1"}
        for user in (leaver, successor):
            body = day | {"subject": {"kind": "user", "id": user.id}}
            assert org.owner.post("/limits", body).status_code == 201
        key = org.key(by=leaver, scopes=["inference", "keys:write"])
        below = org.key(by=key)
        offboard(admin, leaver.id, transfer_to=successor.id)
        assert {each.subject.id for each in key.principal().limits} == {successor.id}
        assert {each.subject.id for each in below.principal().limits} == {successor.id, leaver.id}

    def test_whoever_is_bound_by_a_projects_rules_hands_over_what_fits(
        self, org: Org, successor: User
    ) -> None:
        project = org.owner.post("/projects", {"name": "bound"}).get_json()["id"]
        leaver = org.user("member")
        key = org.key(by=leaver, project_id=project, scopes=["inference"])
        org.owner.patch(f"/projects/{project}", {"key_rules": {"models": ["gpt-*"]}})
        scopes = [
            *HANDLING,
            "projects:read",
            "limits:read",
            "models:read",
            "usage:read",
            "reports:read",
            "reports:write",
            "jobs:read",
            "jobs:write",
        ]
        machine = org.key(project_id=project, scopes=scopes)
        refused = refusal(offboard(machine, leaver.id, transfer_to=successor.id))
        assert refused[2].startswith(f'{key.id}: models: "*" is more than the project\'s')
        assert key.principal().user == leaver.id


class TestRevoke:
    def test_keys_and_accounts_end(
        self, app: Flask, org: Org, admin: User, leaver: User, gateway: Service
    ) -> None:
        key, account, token = org.key(by=leaver), make(leaver), log_in(app, leaver)
        given = make(leaver)
        org.owner.patch(f"/service-accounts/{given['id']}", {"owner_id": admin.id})
        done = offboard(admin, leaver.id, revoke=True)
        assert done.status_code == 200, done.text
        assert done.get_json()["transferred_to"] is None
        assert not works(gateway, key)
        assert org.owner.get(f"/keys/{key.id}").get_json()["status"] == "revoked"
        assert not org.owner.get(f"/service-accounts/{account['id']}").get_json()["active"]
        assert org.owner.get(f"/service-accounts/{given['id']}").get_json()["active"]
        assert refreshed(app, token) == 401
        assert len(audited(org, target=key.id, action="key.revoked")) == 1
        assert len(audited(org, target=account["id"], action="service_account.ended")) == 1
        (entry,) = audited(org, target=leaver.id, action="user.offboarded")
        assert entry["after"]["keys"] == [key.id]

    def test_again_it_changes_nothing(self, org: Org, admin: User, leaver: User) -> None:
        org.key(by=leaver)
        offboard(admin, leaver.id, revoke=True)
        for body in ({"revoke": True}, {"transfer_to": admin.id}):
            again = offboard(admin, leaver.id, **body)
            assert again.status_code == 200, again.text
            assert again.get_json()["keys"] == {"count": 0, "data": []}
        assert len(audited(org, target=leaver.id, action="user.offboarded")) == 1

    def test_who_was_deactivated_before_is_offboarded(
        self, org: Org, admin: User, leaver: User, gateway: Service
    ) -> None:
        key = org.key(by=leaver)
        org.owner.patch(f"/users/{leaver.id}", {"active": False})
        assert not works(gateway, key)
        assert offboard(admin, leaver.id, transfer_to=admin.id).status_code == 200
        assert works(gateway, key)


class TestWhoMay:
    def test_nobody_offboards_themselves(self, org: Org, admin: User) -> None:
        assert refusal(offboard(admin, admin.id, revoke=True))[0] == 403
        own = org.key(by=admin, scopes=HANDLING)
        assert refusal(offboard(own, admin.id, revoke=True))[0] == 403

    def test_only_whoever_may_handle_the_user_does(
        self, org: Org, other_org: Org, admin: User, leaver: User
    ) -> None:
        body = {"revoke": True}
        assert refusal(offboard(org.user("member"), leaver.id, **body))[0] == 403
        assert refusal(offboard(admin, org.owner_id, **body))[:2] == (403, "role")
        assert refusal(offboard(other_org.owner, leaver.id, **body))[0] == 404
        account = make(admin)
        assert refusal(offboard(admin, account["id"], **body))[0] == 404
        assert org.owner.get(f"/users/{leaver.id}").get_json()["active"]

    def test_the_last_owner_stays(self, app: Flask, org: Org, gateway: Service) -> None:
        second, key = org.user("owner"), org.key()
        late = {"authorization": f"Bearer {second.principal().assertion}"}
        assert offboard(org.owner, second.id, revoke=True).status_code == 200
        path = f"/api/v1/users/{org.owner_id}/offboard"
        answer = app.test_client().post(path, json={"revoke": True}, headers=late)
        assert refusal(answer)[0] == 409
        assert works(gateway, key)

    def test_a_machine_offboards_nobody_who_has_something_elsewhere(
        self, org: Org, leaver: User
    ) -> None:
        other = org.owner.post("/projects", {"name": "other"}).get_json()["id"]
        member = org.user("member")
        org.key(by=member, project_id=other)
        scopes = org.owner.get("/roles?name=member").get_json()["data"][0]["permissions"]
        machine = org.key(scopes=[*scopes, "users:write"])
        assert refusal(offboard(machine, member.id, revoke=True))[0] == 403
        assert org.owner.get(f"/users/{member.id}").get_json()["active"]
        plain = org.user("member")
        org.key(by=plain)
        assert offboard(machine, plain.id, revoke=True).status_code == 200

    @pytest.mark.parametrize(
        ("body", "param"),
        [
            ({}, "revoke"),
            ({"revoke": False}, "revoke"),
            ({"revoke": None, "transfer_to": None}, "revoke"),
            ({"revoke": "yes"}, "revoke"),
            ({"transfer_to": 7}, "transfer_to"),
            ({"revoke": True, "quietly": True}, "quietly"),
        ],
    )
    def test_nonsense_is_422_and_named(
        self, admin: User, leaver: User, body: dict[str, Any], param: str
    ) -> None:
        assert refusal(offboard(admin, leaver.id, **body))[:2] == (422, param)

    def test_both_at_once_are_422(self, admin: User, leaver: User) -> None:
        both = offboard(admin, leaver.id, transfer_to=admin.id, revoke=True)
        assert refusal(both)[:2] == (422, "revoke")


def test_a_link_of_a_leavers_key_does_not_work_for_the_successor(
    app: Flask, org: Org, admin: User, leaver: User
) -> None:
    close(org)
    scopes = org.owner.get("/roles?name=admin").get_json()["data"][0]["permissions"]
    key: Key = org.key(by=leaver, scopes=scopes)
    user = org.user("member", password=PASSWORD)
    links = [key.post(f"/users/{user.id}/password-reset").get_json()["link"] for _ in range(2)]

    def reset(link: str) -> int:
        body = {"token": urlsplit(link).fragment, "password": "another long password"}
        return app.test_client().post("/api/v1/auth/password/reset", json=body).status_code

    assert offboard(admin, leaver.id, transfer_to=admin.id).status_code == 200
    assert key.principal().user == admin.id
    assert reset(links[0]) == 400
    new = key.post(f"/users/{user.id}/password-reset").get_json()["link"]
    assert reset(new) == 204
