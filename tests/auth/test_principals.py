"""The look-up that the gateway makes: one query, for services only."""

import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from flask import Flask
from sqlalchemy import event

from tests.auth.conftest import Org, Service
from tollgate_auth.extensions import LOOKUPS, db
from tollgate_common import keyformat

PATH = "/internal/v1/principals"


def test_a_key_is_found_by_its_hash_with_every_limit_that_binds_it(
    org: Org, gateway: Service
) -> None:
    key = org.key(mode="test", limits=[{"metric": "requests", "window": "minute", "max": "5"}])
    project = key.made["project_id"]
    for kind, subject in (("org", org.id), ("project", project), ("user", org.owner_id)):
        body = {"subject": {"kind": kind, "id": subject}, "metric": "cost_usd",
                "window": "month", "max": "25.00"}  # fmt: skip
        assert org.owner.post("/limits", body).status_code == 201
    found = gateway.principal(key_hash=keyformat.hash_of(key.text)).get_json()
    assert (found["org"], found["key"], found["project"]) == (org.id, key.id, project)
    assert (found["mode"], found["scopes"]) == ("test", ["inference"])
    kinds = sorted(limit["subject"]["kind"] for limit in found["limits"])
    assert kinds == ["key", "org", "project", "user"]


def test_its_assertion_says_who_and_lives_a_quarter_of_an_hour(org: Org, gateway: Service) -> None:
    key = org.key(mode="test")
    found = gateway.principal(key_id=key.id).get_json()
    claims = jwt.decode(found["assertion"], options={"verify_signature": False})
    assert claims["aud"] == "internal"
    assert (claims["org"], claims["key"], claims["mode"]) == (org.id, key.id, "test")
    assert claims["scope"] == "inference"
    assert claims["exp"] == found["assertion_expires_at"]
    assert 600 < claims["exp"] - time.time() <= 900


def test_a_look_up_is_one_statement(org: Org, gateway: Service, app: Flask) -> None:
    key = org.key()
    statements: list[str] = []

    def note(*arguments: Any) -> None:
        statements.append(arguments[2])

    with app.app_context():
        engines = {db.engine, db.engines[LOOKUPS]}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    assert gateway.principal(key_hash=keyformat.hash_of(key.text)).status_code == 200
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)
    assert len(statements) == 1


def test_a_user_may_what_the_role_may(org: Org, gateway: Service) -> None:
    viewer = org.user("viewer")
    found = gateway.principal(user_id=viewer.id).get_json()
    assert "inference" not in found["scopes"]
    assert "usage:read" in found["scopes"]
    assert found["mode"] == "live"


def test_a_hash_is_no_key_and_an_unknown_name_is_404(
    gateway: Service, unknown_id: Callable[[str], str]
) -> None:
    questions: list[dict[str, str]] = [
        {"key_hash": "0" * 64},
        {"key_id": unknown_id("key")},
        {"user_id": unknown_id("usr")},
        {"session_id": unknown_id("ses")},
    ]
    for question in questions:
        assert gateway.principal(**question).status_code == 404


@pytest.mark.parametrize("body", [{}, {"key_hash": "x"}, {"key_id": 7}, {"key_id": "a\0"}, []])
def test_a_question_that_is_none_is_4xx(gateway: Service, body: Any) -> None:
    answer = gateway.client.post(PATH, json=body, headers=gateway.headers)
    assert 400 <= answer.status_code < 500


def test_only_services_with_the_scope_may_ask(org: Org, app: Flask) -> None:
    client, key = app.test_client(), org.key()
    body = {"key_id": key.id}
    assert client.post(PATH, json=body).status_code == 401
    for token in (key.principal().assertion, key.text, "a.b.c"):
        headers = {"authorization": f"Bearer {token}"}
        assert client.post(PATH, json=body, headers=headers).status_code == 401
