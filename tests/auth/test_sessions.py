"""Logging in, staying logged in, logging out."""

from typing import Any

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from werkzeug.test import TestResponse

from tests.auth.conftest import PASSWORD, Caller, Org, Service, User
from tollgate_common.events.cloudevents import read_event

LOGIN, REFRESH, LOGOUT = "/api/v1/auth/login", "/api/v1/auth/refresh", "/api/v1/auth/logout"


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def log_in(client: FlaskClient, email: str, password: str = PASSWORD) -> TestResponse:
    return client.post(LOGIN, json={"email": email, "password": password})


def tokens_of(answer: TestResponse) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return dict(answer.get_json())


def refresh(client: FlaskClient, token: str) -> TestResponse:
    return client.post(REFRESH, json={"refresh_token": token})


def test_the_right_password_gives_tokens_that_the_published_keys_verify(
    client: FlaskClient, member: User, org: Org
) -> None:
    tokens = tokens_of(log_in(client, member.email))
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] == 900
    published = jwt.PyJWKSet.from_dict(client.get("/.well-known/jwks.json").get_json())
    kid = jwt.get_unverified_header(tokens["access_token"])["kid"]
    claims = jwt.decode(tokens["access_token"], published[kid].key, ["EdDSA"], audience="tollgate")
    assert (claims["sub"], claims["org"], claims["role"]) == (member.id, org.id, "member")
    assert "inference" in claims["scope"].split()


def test_a_login_ignores_the_case_of_the_address(client: FlaskClient, member: User) -> None:
    assert log_in(client, f" {member.email.upper()} ").status_code == 200


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(
    client: FlaskClient, member: User
) -> None:
    wrong = log_in(client, member.email, "wrong password, this one")
    unknown = log_in(client, "nobody@example.com")
    assert wrong.status_code == unknown.status_code == 401
    for answer in (wrong, unknown):
        answer.get_json().pop("request_id")
    same = ("type", "title", "status", "detail", "code")
    assert [wrong.get_json()[name] for name in same] == [unknown.get_json()[name] for name in same]


def test_a_refresh_token_works_once_and_its_reuse_ends_the_session(
    client: FlaskClient, member: User, org: Org
) -> None:
    first = tokens_of(log_in(client, member.email))["refresh_token"]
    second = tokens_of(refresh(client, first))["refresh_token"]
    third = tokens_of(refresh(client, second))["refresh_token"]
    assert refresh(client, first).status_code == 401
    assert refresh(client, third).status_code == 401
    actions = [entry["action"] for entry in org.owner.get("/audit-log").get_json()["data"]]
    assert "session.ended_for_token_reuse" in actions


def test_after_logging_out_the_refresh_token_is_worth_nothing(
    client: FlaskClient, member: User
) -> None:
    token = tokens_of(log_in(client, member.email))["refresh_token"]
    other = tokens_of(log_in(client, member.email))["refresh_token"]
    assert member.post("/auth/logout", {"refresh_token": token}).status_code == 204
    assert refresh(client, token).status_code == 401
    assert refresh(client, other).status_code == 200


def test_tokens_are_not_taken_for_one_another(client: FlaskClient, member: User) -> None:
    tokens = tokens_of(log_in(client, member.email))
    assert refresh(client, tokens["access_token"]).status_code == 401
    assert refresh(client, member.principal().assertion).status_code == 401
    for token in tokens["access_token"], tokens["refresh_token"]:
        answer = client.get("/api/v1/me", headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 401


def test_me_is_the_caller(member: User, org: Org) -> None:
    me = member.get("/me").get_json()
    assert (me["user"], me["role"], me["org"]["id"]) == (member.id, "member", org.id)
    key = org.key(mode="test")
    assert key.get("/me").get_json()["key"] == key.id


@pytest.mark.parametrize(
    "body",
    [
        {}, {"email": "a@example.com"}, {"email": 7, "password": "x"},
        {"email": "' OR 1=1 --", "password": "' OR 1=1 --"}, {"email": "a\0@b.c", "password": "\0"},
        {"email": "x" * 100_000, "password": "x"}, {"email": "a@b.co", "password": "x" * 100_000},
        [], "text", None,
    ],
)  # fmt: skip
def test_a_login_that_is_none_is_4xx(client: FlaskClient, body: Any) -> None:
    answer = client.post(LOGIN, json=body)
    assert 400 <= answer.status_code < 500
    assert answer.content_type == "application/problem+json"


def events(redis: Redis, user: str) -> list[dict[str, Any]]:
    entries: Any = redis.xrange("events:user.changed")
    data = [read_event(fields[b"event"])["data"] for _, fields in entries]
    return [one for one in data if one["user"] == user]


def sid_of(tokens: dict[str, Any]) -> str:
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    return str(claims["sid"])


def test_one_sees_and_ends_ones_own_sessions(
    client: FlaskClient, app: Flask, gateway: Service, member: User, org: Org, redis: Redis
) -> None:
    first, second = (tokens_of(log_in(client, member.email)) for _ in range(2))
    me = Caller(app, session_id=sid_of(second))
    listed = me.get("/auth/sessions").get_json()["data"]
    assert [(one["id"], one["current"]) for one in listed] == [
        (sid_of(second), True), (sid_of(first), False)
    ]  # fmt: skip
    assert listed[0]["address"] == "127.0.0.1"
    assert me.delete(f"/auth/sessions/{sid_of(first)}").status_code == 204
    assert me.delete(f"/auth/sessions/{sid_of(first)}").status_code == 404
    assert org.owner.delete(f"/auth/sessions/{sid_of(second)}").status_code == 404
    assert refresh(client, first["refresh_token"]).status_code == 401
    assert gateway.principal(session_id=sid_of(first)).status_code == 404
    assert sid_of(first) in [event["session"] for event in events(redis, member.id)]
    assert len(me.get("/auth/sessions").get_json()["data"]) == 1


def test_logging_out_without_a_token_ends_the_session_that_calls(
    client: FlaskClient, app: Flask, member: User
) -> None:
    mine, other = (tokens_of(log_in(client, member.email)) for _ in range(2))
    assert Caller(app, session_id=sid_of(mine)).post("/auth/logout").status_code == 204
    assert refresh(client, mine["refresh_token"]).status_code == 401
    assert refresh(client, other["refresh_token"]).status_code == 200


def test_logging_out_everywhere_ends_all(client: FlaskClient, app: Flask, member: User) -> None:
    mine, other = (tokens_of(log_in(client, member.email)) for _ in range(2))
    caller = Caller(app, session_id=sid_of(mine))
    assert caller.post("/auth/logout", {"everywhere": True}).status_code == 204
    for tokens in (mine, other):
        assert refresh(client, tokens["refresh_token"]).status_code == 401


def test_a_deactivated_user_has_no_session_and_the_gateways_are_told(
    client: FlaskClient, gateway: Service, member: User, org: Org, redis: Redis
) -> None:
    tokens = tokens_of(log_in(client, member.email))
    before = gateway.principal(session_id=sid_of(tokens)).get_json()
    assert org.owner.patch(f"/users/{member.id}", {"active": False}).status_code == 200
    assert gateway.principal(session_id=sid_of(tokens)).status_code == 404
    assert refresh(client, tokens["refresh_token"]).status_code == 401
    told = {event["session"]: event["version"] for event in events(redis, member.id)}
    assert told.keys() >= {None, sid_of(tokens)}
    assert min(told.values()) > before["version"]


def test_a_changed_role_is_told_for_every_session(
    client: FlaskClient, gateway: Service, member: User, org: Org, redis: Redis
) -> None:
    tokens = tokens_of(log_in(client, member.email))
    assert org.owner.patch(f"/users/{member.id}", {"role": "viewer"}).status_code == 200
    found = gateway.principal(session_id=sid_of(tokens)).get_json()
    assert "inference" not in found["scopes"]
    assert {"session": sid_of(tokens), "version": found["version"]}.items() <= events(
        redis, member.id
    )[-1].items()


def test_a_login_is_in_the_audit_log_and_its_tokens_are_not(
    client: FlaskClient, member: User, org: Org
) -> None:
    tokens = tokens_of(log_in(client, member.email))
    log = org.owner.get(f"/audit-log?actor={member.id}&action=session.started")
    assert [entry["target"]["id"] for entry in log.get_json()["data"]] == [sid_of(tokens)]
    assert tokens["access_token"] not in log.text
