"""Each event is in the log of the organisation that it concerns, and in no other's."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis

from tests.auth.conftest import PASSWORD, Caller, Org, User
from tollgate_auth import commands
from tollgate_auth.audit import service as audit
from tollgate_auth.runtime import runtime
from tollgate_auth.signing_keys.rotation import record_rotation
from tollgate_common.audit import audit_counts
from tollgate_common.metrics import logins_refused

AUTH = "/api/v1/auth"
WRONG = "wrong password, this one"
Entry = dict[str, Any]
Log = Callable[[Org, str], list[Entry]]


@pytest.fixture
def client(app: Flask, redis: Redis) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def log(app: Flask) -> Log:
    """The entries of an action, once all that was counted has been handed over."""

    def entries(org: Org, action: str) -> list[Entry]:
        with app.app_context():
            audit_counts().send()
        answer = org.owner.get(f"/audit-log?action={action}&limit=200")
        assert answer.status_code == 200, answer.text
        return list(answer.get_json()["data"])

    return entries


def log_in(client: FlaskClient, user: User, password: str = PASSWORD, **more: Any) -> Any:
    sent = {"email": user.email, "password": password}
    return client.post(f"{AUTH}/login", json=sent, **more)


def tokens(client: FlaskClient, user: User) -> dict[str, Any]:
    answer = log_in(client, user)
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json())


def session_of(app: Flask, granted: dict[str, Any]) -> Caller:
    """The caller that a login's access token makes."""
    with app.app_context():
        claims = runtime().oauth._access_tokens.verify(granted["access_token"])
    return Caller(app, session_id=claims["sid"])


def robot_of(org: Org) -> dict[str, Any]:
    wanted = {"name": "robot", "scopes": ["usage:read"]}
    made = org.owner.post("/service-accounts", wanted)
    assert made.status_code == 201, made.text
    return dict(made.get_json())


def grant(client: FlaskClient, robot: dict[str, Any], secret: str | None = None) -> int:
    credentials = (robot["id"], secret or robot["client_secret"])
    form = {"grant_type": "client_credentials"}
    return client.post("/oauth/token", data=form, auth=credentials).status_code


class TestSignIn:
    def test_a_wrong_password_is_an_event_of_the_accounts_organisation(
        self, client: FlaskClient, org: Org, other_org: Org, member: User, log: Log
    ) -> None:
        ids = {"x-request-id": "req_of_ours", "x-client-request-id": "theirs-1"}
        origin = {"REMOTE_ADDR": "192.0.2.7"}
        answer = log_in(client, member, WRONG, headers=ids, environ_overrides=origin)
        assert answer.status_code == 401
        (entry,) = log(org, "login.refused")
        assert entry["target"] == {"kind": "user", "id": member.id}
        assert entry["actor"] == {"kind": "anonymous", "id": "anonymous"}
        assert (entry["outcome"], entry["reason"]) == ("failure", "wrong_password")
        assert (entry["request_id"], entry["client_request_id"]) == ("req_of_ours", "theirs-1")
        assert entry["address"] == "192.0.2.7"
        assert WRONG not in str(entry)
        assert member.email not in str(entry)
        assert log(other_org, "login.refused") == []

    def test_attempts_that_must_wait_and_deactivated_users_have_reasons_of_their_own(
        self, client: FlaskClient, org: Org, member: User, log: Log
    ) -> None:
        statuses = [log_in(client, member, WRONG).status_code for _ in range(8)]
        assert 429 in statuses
        gone = org.user("member", password=PASSWORD)
        org.owner.patch(f"/users/{gone.id}", {"active": False})
        assert log_in(client, gone).status_code == 401
        counts = {entry["reason"]: entry["count"] for entry in log(org, "login.refused")}
        assert counts == {
            "wrong_password": statuses.count(401),
            "too_many_attempts": statuses.count(429),
            "deactivated": 1,
        }

    def test_an_unknown_address_is_a_line_and_a_metric_and_nobodys_entry(
        self,
        client: FlaskClient,
        org: Org,
        log: Log,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        counted = logins_refused.labels("password")
        before = counted._value.get()
        caplog.set_level(logging.INFO)
        sent = {"email": "victim@example.com", "password": WRONG}
        assert client.post(f"{AUTH}/login", json=sent).status_code == 401
        assert counted._value.get() == before + 1
        (line,) = [each for each in caplog.records if each.message == "login_refused"]
        assert line.__dict__["fields"].keys() == {"method", "address"}
        assert log(org, "login.*") == []

    def test_a_login_says_how(
        self, client: FlaskClient, org: Org, other_org: Org, member: User, log: Log
    ) -> None:
        tokens(client, member)
        (entry,) = log(org, "session.started")
        assert (entry["after"], entry["outcome"]) == ({"method": "password"}, "success")
        assert entry["actor"] == {"kind": "user", "id": member.id}
        assert log(other_org, "session.started") == []

    def test_a_refresh_token_that_comes_twice_is_an_event(
        self, client: FlaskClient, org: Org, other_org: Org, member: User, log: Log
    ) -> None:
        spent = {"refresh_token": tokens(client, member)["refresh_token"]}
        statuses = [client.post(f"{AUTH}/refresh", json=spent).status_code for _ in range(5)]
        assert statuses == [200, 401, 401, 401, 401]
        (reuse,) = log(org, "session.ended_for_token_reuse")
        assert reuse["reason"] == "token_reuse"
        (later,) = log(org, "session.refresh_refused")
        assert (later["count"], later["reason"]) == (3, "session_over")
        assert later["target"] == reuse["target"]
        assert log(other_org, "session.*") == []


class TestEndsOfSessions:
    def test_ones_own(self, app: Flask, client: FlaskClient, org: Org, log: Log) -> None:
        user = org.user("member", password=PASSWORD)
        first, second = (session_of(app, tokens(client, user)) for _ in range(2))
        ids = [each.principal().session for each in (first, second)]
        assert first.post("/auth/logout").status_code == 204
        other = Caller(app, user_id=user.id)
        assert other.delete(f"/auth/sessions/{ids[1]}").status_code == 204
        ended = log(org, "session.ended")
        assert [entry["target"]["id"] for entry in ended] == [ids[1], ids[0]]
        assert {entry["actor"]["id"] for entry in ended} == {user.id}

    def test_everywhere(
        self, app: Flask, client: FlaskClient, org: Org, other_org: Org, log: Log
    ) -> None:
        user = org.user("member", password=PASSWORD)
        caller, *_ = (session_of(app, tokens(client, user)) for _ in range(3))
        assert caller.post("/auth/logout", {"everywhere": True}).status_code == 204
        (entry,) = log(org, "session.all_ended")
        assert entry["after"] == {"sessions": 3, "cause": "logout"}
        assert entry["target"] == {"kind": "user", "id": user.id}
        assert log(other_org, "session.all_ended") == []

    def test_by_somebody_else(self, client: FlaskClient, org: Org, log: Log) -> None:
        user = org.user("member", password=PASSWORD)
        tokens(client, user)
        org.owner.patch(f"/users/{user.id}", {"active": False})
        (entry,) = log(org, "session.all_ended")
        assert entry["actor"] == {"kind": "user", "id": org.owner_id}
        assert entry["after"] == {"sessions": 1, "cause": "deactivated"}


class TestPasswordsAndLinks:
    def test_a_wrong_current_password_is_an_event(
        self, client: FlaskClient, app: Flask, org: Org, member: User, log: Log
    ) -> None:
        caller = session_of(app, tokens(client, member))
        sent = {"current_password": WRONG, "new_password": f"{PASSWORD} too"}
        assert caller.post("/auth/password", sent).status_code == 403
        (entry,) = log(org, "password.refused")
        assert entry["actor"] == {"kind": "user", "id": member.id}
        assert WRONG not in str(entry)
        assert log(org, "permission.refused") == []

    def test_a_reset_link_that_is_used_twice_is_an_event(
        self, client: FlaskClient, org: Org, other_org: Org, member: User, log: Log
    ) -> None:
        tokens(client, member)
        link = org.owner.post(f"/users/{member.id}/password-reset").get_json()["link"]
        sent = {"token": link.partition("#")[2], "password": f"{PASSWORD} too"}
        statuses = [client.post(f"{AUTH}/password/reset", json=sent).status_code for _ in "12"]
        assert statuses == [204, 400]
        assert len(log(org, "password.reset_link_made")) == len(log(org, "password.reset")) == 1
        assert log(org, "session.all_ended")[0]["after"]["cause"] == "new_password"
        (refused,) = log(org, "link.refused")
        assert refused["target"] == {"kind": "user", "id": member.id}
        assert sent["token"] not in str(refused)
        assert log(other_org, "link.refused") == []

    def test_so_is_an_invitation(self, client: FlaskClient, org: Org, log: Log) -> None:
        wanted = {"email": "new@example.org", "role": "member"}
        made = org.owner.post("/invitations", wanted).get_json()
        org.owner.delete(f"/invitations/{made['id']}")
        sent = {"token": made["link"].partition("#")[2], "password": PASSWORD}
        assert client.post("/api/v1/invitations/accept", json=sent).status_code == 400
        (refused,) = log(org, "link.refused")
        assert refused["target"] == {"kind": "invitation", "id": made["id"]}

    def test_a_forged_link_is_nobodys(self, client: FlaskClient, org: Org, log: Log) -> None:
        sent = {"token": "a.b.c", "password": PASSWORD}
        assert client.post(f"{AUTH}/password/reset", json=sent).status_code == 400
        assert log(org, "link.refused") == []


class TestMachines:
    def test_tokens_and_wrong_secrets_are_events(
        self, client: FlaskClient, org: Org, other_org: Org, log: Log
    ) -> None:
        robot = robot_of(org)
        assert [grant(client, robot) for _ in range(4)] == [200] * 4
        assert [grant(client, robot, "tg_client_wrong") for _ in range(3)] == [401] * 3
        (issued,) = log(org, "service_account.token_issued")
        assert (issued["count"], issued["actor"]["id"]) == (4, robot["id"])
        (refused,) = log(org, "service_account.refused")
        assert (refused["count"], refused["reason"]) == (3, "invalid_client")
        assert "tg_client_wrong" not in str(refused)
        assert org.owner.delete(f"/service-accounts/{robot['id']}").status_code == 204
        assert grant(client, robot) == 401
        assert log(org, "service_account.refused")[0]["reason"] == "deactivated"
        for action in ("service_account.token_issued", "service_account.refused"):
            assert log(other_org, action) == []

    def test_a_rotated_secret_is(self, org: Org, log: Log) -> None:
        robot = robot_of(org)
        assert org.owner.post(f"/service-accounts/{robot['id']}/rotate").status_code == 200
        (entry,) = log(org, "service_account.rotated")
        assert entry["target"]["id"] == robot["id"]


class TestRefusals:
    def test_a_permission_that_is_missing(
        self, org: Org, other_org: Org, member: User, log: Log
    ) -> None:
        for _ in range(3):
            assert member.post("/users", {"email": "a@b.example", "role": "member"}) is not None
        (entry,) = log(org, "permission.refused")
        assert entry["target"] == {"kind": "permission", "id": "users:write"}
        assert entry["actor"] == {"kind": "user", "id": member.id}
        assert (entry["count"], entry["reason"]) == (3, "permission_denied")
        assert entry["after"] == {"method": "POST", "route": "/api/v1/users"}
        assert log(other_org, "permission.refused") == []

    def test_what_is_live_only(self, org: Org, other_org: Org, log: Log) -> None:
        key = org.key(mode="test", scopes=["limits:write", "usage:read", "keys:read"])
        assert key.post("/limits", {}).status_code == 403
        assert key.get("/keys?mode=live").status_code == 403
        entries = log(org, "permission.refused")
        assert {entry["reason"] for entry in entries} == {"live_only"}
        assert {entry["target"]["id"] for entry in entries} == {"limits:write", "keys:read"}
        assert {entry["actor"]["id"] for entry in entries} == {key.id}
        assert log(other_org, "permission.refused") == []

    def test_reading_the_log_is_in_it(self, org: Org, other_org: Org, log: Log) -> None:
        assert log(org, "audit_log.read") == []
        (entry,) = log(org, "audit_log.read")
        assert entry["actor"]["id"] == org.owner_id
        assert log(other_org, "audit_log.read") == []


def test_a_new_signing_key_concerns_every_organisation(
    app: Flask, org: Org, other_org: Org, log: Log
) -> None:
    with app.app_context():
        record_rotation(runtime().keyring.rotate())
        assert audit.first_fault(org.id) is None
    for each in (org, other_org):
        (entry,) = log(each, "signing_key.rotated")
        assert entry["actor"] == {"kind": "system", "id": "tollgate-auth"}


def test_the_command_that_rotates_writes_it_down(
    app: Flask, org: Org, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "create_app", lambda: app)
    kid = commands.rotate_signing_key()
    assert [entry["target"]["id"] for entry in log(org, "signing_key.rotated")] == [kid]


class TestFilters:
    @pytest.fixture
    def filled(self, client: FlaskClient, org: Org, member: User) -> Org:
        headers = {"x-client-request-id": "my id 7"}
        log_in(client, member, WRONG, headers=headers)
        tokens(client, member)
        org.key()
        return org

    @pytest.mark.parametrize(
        ("query", "actions"),
        [
            ("action=login.*", {"login.refused"}),
            ("action=login.*,session.started", {"login.refused", "session.started"}),
            ("outcome=failure", {"login.refused"}),
            ("outcome=success&action=login.*,key.*", {"key.created"}),
            ("reason=wrong_password", {"login.refused"}),
            ("client_request_id=my%20id%207", {"login.refused"}),
        ],
    )
    def test_each_finds_what_it_says(
        self, filled: Org, log: Log, query: str, actions: set[str]
    ) -> None:
        log(filled, "login.*")
        answer = filled.owner.get(f"/audit-log?{query}")
        assert answer.status_code == 200, answer.text
        assert {entry["action"] for entry in answer.get_json()["data"]} == actions

    @pytest.mark.parametrize(
        "query", ["action=*", "action=key", "action=key.created,", "outcome=maybe", "reason=A"]
    )
    def test_a_wrong_one_is_named(self, org: Org, query: str) -> None:
        answer = org.owner.get(f"/audit-log?{query}")
        assert answer.status_code == 422
        assert answer.get_json()["param"] == query.partition("=")[0]
