"""Machines: made, let in by client credentials, introspected, revoked, ended."""

from typing import Any

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.auth.conftest import PASSWORD, Caller, Org, Service, User
from tollgate_common import keyformat

SCOPES = ["inference", "usage:read"]


def make(org: Org, by: Caller | None = None, **fields: Any) -> dict[str, Any]:
    made = (by or org.owner).post("/service-accounts", {"name": "robot", "scopes": SCOPES} | fields)
    assert made.status_code == 201, made.text
    return dict(made.get_json())


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def robot(org: Org) -> dict[str, Any]:
    return make(org)


def credentials(account: dict[str, Any]) -> tuple[str, str]:
    return account["id"], account["client_secret"]


def ask(client: FlaskClient, account: dict[str, Any], **form: str) -> TestResponse:
    sent = {"grant_type": "client_credentials"} | form
    return client.post("/oauth/token", data=sent, auth=credentials(account))


def token(client: FlaskClient, account: dict[str, Any], **form: str) -> str:
    answer = ask(client, account, **form)
    assert answer.status_code == 200, answer.text
    return str(answer.get_json()["access_token"])


def introspect(client: FlaskClient, account: dict[str, Any], text: str) -> dict[str, Any]:
    answer = client.post("/oauth/introspect", data={"token": text}, auth=credentials(account))
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json())


def session_of(text: str) -> str:
    return str(jwt.decode(text, options={"verify_signature": False})["sid"])


def test_a_secret_is_shown_once_and_has_a_recognisable_form(
    org: Org, robot: dict[str, Any]
) -> None:
    assert robot["client_secret"].startswith("tg_client_")
    assert len(robot["client_secret"]) == len("tg_client_") + 38
    body = robot["client_secret"][:-6]
    assert robot["client_secret"] == body + keyformat.checksum(body)
    for path in (f"/service-accounts/{robot['id']}", "/service-accounts", "/audit-log"):
        assert robot["client_secret"] not in org.owner.get(path).text


def test_its_token_is_a_principal_with_its_scopes(
    client: FlaskClient, gateway: Service, org: Org, robot: dict[str, Any]
) -> None:
    answer = ask(client, robot)
    granted = answer.get_json()
    assert answer.headers["cache-control"] == "no-store"
    assert (granted["token_type"], granted["expires_in"]) == ("Bearer", 900)
    assert granted["scope"].split() == SCOPES
    found = gateway.principal(session_id=session_of(granted["access_token"])).get_json()
    assert (found["org"], found["user"], found["key"]) == (org.id, robot["id"], None)
    assert (found["project"], found["mode"]) == (robot["project_id"], "live")
    assert found["scopes"] == SCOPES


def test_a_token_may_ask_for_less(
    client: FlaskClient, gateway: Service, robot: dict[str, Any]
) -> None:
    narrow = token(client, robot, scope="usage:read", audience="tollgate")
    found = gateway.principal(session_id=session_of(narrow)).get_json()
    assert found["scopes"] == ["usage:read"]


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"scope": "users:write"}, "invalid_scope"), ({"audience": "moon"}, "invalid_scope"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "unsupported_grant_type"),
        ({"scope": "x" * 9000}, "invalid_request"),
    ],
)  # fmt: skip
def test_what_it_has_not_is_refused_in_oauths_shape(
    client: FlaskClient, robot: dict[str, Any], form: dict[str, str], code: str
) -> None:
    answer = ask(client, robot, **form)
    assert answer.status_code == 400
    assert answer.get_json()["error"] == code
    assert answer.get_json()["error_description"]


def test_wrong_credentials_are_401_with_a_challenge(
    client: FlaskClient, robot: dict[str, Any], org: Org
) -> None:
    other = make(org)
    wrong = [
        (robot["id"], "x"), (robot["id"], other["client_secret"]), (robot["id"], ""),
        ("sva_' OR 1=1 --", robot["client_secret"]), ("sva_\0", "\0"), ("sva_" + "0" * 32, "x"),
    ]  # fmt: skip
    for client_id, secret in wrong:
        form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
        answer = client.post("/oauth/token", data=form)
        assert answer.status_code == 401
        assert answer.get_json()["error"] == "invalid_client"
        assert answer.headers["www-authenticate"].startswith("Basic")
    for header in ("Basic !!!", "Basic " + "A" * 9, "Bearer x", "Basic", "Digest x"):
        answer = client.post("/oauth/token", headers={"authorization": header})
        assert answer.status_code == 401, header


def test_credentials_are_sent_once(client: FlaskClient, robot: dict[str, Any]) -> None:
    assert ask(client, robot, client_secret="again").status_code == 400
    doubled = {"grant_type": ["client_credentials", "password"]}
    answer = client.post("/oauth/token", data=doubled, auth=credentials(robot))
    assert answer.get_json()["error"] == "invalid_request"


def test_introspection_tells_the_organisations_clients_of_living_tokens(
    client: FlaskClient, org: Org, other_org: Org, robot: dict[str, Any], member: User
) -> None:
    text = token(client, robot)
    told = introspect(client, make(org), text)
    assert (told["active"], told["client_id"], told["sub"]) == (True, robot["id"], robot["id"])
    assert told["scope"].split() == SCOPES
    assert introspect(client, make(other_org), text) == {"active": False}
    service = client.post("/oauth/introspect", data={"token": text}, auth=("llm", "llm-secret"))
    assert service.get_json()["active"] is True
    login = {"email": member.email, "password": PASSWORD}
    tokens = client.post("/api/v1/auth/login", json=login).get_json()
    assert introspect(client, robot, tokens["access_token"])["username"] == member.email
    middle = "A" if text[-40] != "A" else "B"
    altered = text[:-40] + middle + text[-39:]
    for inactive in (tokens["refresh_token"], "x", altered, member.principal().assertion):
        assert introspect(client, robot, inactive) == {"active": False}


def test_introspection_needs_a_client(client: FlaskClient, robot: dict[str, Any]) -> None:
    assert client.post("/oauth/introspect", data={"token": "x"}).status_code == 401
    empty = client.post("/oauth/introspect", data={}, auth=credentials(robot))
    assert empty.get_json()["error"] == "invalid_request"


def test_a_revoked_token_ends_and_the_others_go_on(
    client: FlaskClient, gateway: Service, org: Org, robot: dict[str, Any]
) -> None:
    gone, kept = token(client, robot), token(client, robot)
    foreign = client.post("/oauth/revoke", data={"token": gone}, auth=credentials(make(org)))
    assert foreign.get_json()["error"] == "unauthorized_client"
    for _ in range(2):
        answer = client.post("/oauth/revoke", data={"token": gone}, auth=credentials(robot))
        assert (answer.status_code, answer.data) == (200, b"")
    assert gateway.principal(session_id=session_of(gone)).status_code == 404
    assert gateway.principal(session_id=session_of(kept)).status_code == 200
    assert introspect(client, robot, gone) == {"active": False}
    nothing = client.post("/oauth/revoke", data={"token": "x"}, auth=credentials(robot))
    assert nothing.status_code == 200


def test_an_ended_account_its_keys_and_tokens_are_nobody(
    client: FlaskClient, app: Flask, gateway: Service, org: Org
) -> None:
    robot = make(org, scopes=["inference", "keys:write", "keys:read"])
    text = token(client, robot)
    key = org.key(by=Caller(app, session_id=session_of(text)))
    assert gateway.principal(key_id=key.id).get_json()["user"] == robot["id"]
    assert org.owner.delete(f"/service-accounts/{robot['id']}").status_code == 204
    assert org.owner.delete(f"/service-accounts/{robot['id']}").status_code == 204
    assert gateway.principal(session_id=session_of(text)).status_code == 404
    assert gateway.principal(key_id=key.id).status_code == 404
    assert ask(client, robot).status_code == 401
    patched = org.owner.patch(f"/service-accounts/{robot['id']}", {"name": "x"})
    assert patched.status_code == 409


def test_narrowing_an_account_narrows_its_tokens_and_keys(
    client: FlaskClient, app: Flask, gateway: Service, org: Org
) -> None:
    robot = make(org, scopes=["inference", "keys:write", "usage:read"])
    text = token(client, robot)
    key = org.key(by=Caller(app, session_id=session_of(text)), scopes=["inference", "usage:read"])
    narrowed = org.owner.patch(f"/service-accounts/{robot['id']}", {"scopes": ["usage:read"]})
    assert narrowed.status_code == 200
    for name in ({"session_id": session_of(text)}, {"key_id": key.id}):
        assert gateway.principal(**name).get_json()["scopes"] == ["usage:read"]


def test_a_rotated_secret_replaces_the_old_one(
    client: FlaskClient, org: Org, robot: dict[str, Any]
) -> None:
    new = org.owner.post(f"/service-accounts/{robot['id']}/rotate").get_json()
    assert ask(client, robot).status_code == 401
    assert ask(client, new).status_code == 200


def test_nobody_makes_an_account_that_may_more_than_they(org: Org) -> None:
    admin = org.user("admin")
    body = {"name": "x", "scopes": ["sso:write"]}
    assert admin.post("/service-accounts", body).status_code == 403
    assert org.user("member").post("/service-accounts", {"name": "x"}).status_code == 403


def test_limits_bind_an_account_as_they_bind_a_user(
    client: FlaskClient, gateway: Service, org: Org, robot: dict[str, Any]
) -> None:
    text = token(client, robot)
    limit = {"subject": {"kind": "user", "id": robot["id"]}, "metric": "requests",
             "window": "day", "max": "5"}  # fmt: skip
    assert org.owner.post("/limits", limit).status_code == 201
    found = gateway.principal(session_id=session_of(text)).get_json()
    assert [one["max"] for one in found["limits"]] == ["5"]


def test_an_account_is_no_person(client: FlaskClient, org: Org, robot: dict[str, Any]) -> None:
    people = [user["id"] for user in org.owner.get("/users").get_json()["data"]]
    assert robot["id"] not in people
    assert org.owner.get(f"/users/{robot['id']}").status_code == 404
    assert org.owner.patch(f"/users/{robot['id']}", {"active": True}).status_code == 404
    assert org.owner.post(f"/users/{robot['id']}/password-reset").status_code == 404
    me = Caller(org.app, session_id=session_of(token(client, robot))).get("/me").get_json()
    assert (me["kind"], me["user"], me["role"]) == ("service_account", robot["id"], None)


def test_the_metadata_says_where_everything_is(client: FlaskClient) -> None:
    headers = {"host": "evil.example", "x-forwarded-host": "evil.example"}
    told = client.get("/.well-known/oauth-authorization-server", headers=headers).get_json()
    assert told["token_endpoint"] == "http://127.0.0.1:8080/oauth/token"
    assert told["issuer"] == "https://tollgate.local"
    assert "evil" not in str(told)
