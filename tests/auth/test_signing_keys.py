"""Signing keys: published before they sign, kept until their last token has expired, sealed."""

from datetime import timedelta
from typing import Any

import jwt
import pytest
from flask import Flask
from sqlalchemy import text

from tests.auth.conftest import PASSWORD, Org, User
from tollgate_auth.extensions import db
from tollgate_auth.housekeeping import tidy
from tollgate_auth.runtime import runtime
from tollgate_auth.signing_keys import service as ring


def published(app: Flask) -> set[str]:
    answer = app.test_client().get("/.well-known/jwks.json")
    assert answer.status_code == 200
    assert "d" not in answer.get_json()["keys"][0]
    return {key["kid"] for key in answer.get_json()["keys"]}


def kid_of(token: str) -> Any:
    return jwt.get_unverified_header(token)["kid"]


def log_in(app: Flask, user: User) -> dict[str, Any]:
    body = {"email": user.email, "password": PASSWORD}
    return dict(app.test_client().post("/api/v1/auth/login", json=body).get_json())


def test_a_new_key_is_published_at_once_and_signs_later(app: Flask, member: User) -> None:
    before = log_in(app, member)
    with app.app_context():
        new = runtime().keyring.rotate(announced=3600)
    assert {new, kid_of(before["access_token"])} <= published(app)
    assert kid_of(log_in(app, member)["access_token"]) != new


def test_tokens_of_an_old_key_go_on_after_a_rotation(empty_app: Flask) -> None:
    """In an app of its own: no other has been told of the key that signs at once."""
    app = empty_app
    member = Org(app).user("member", password=PASSWORD)
    before = log_in(app, member)
    with app.app_context():
        new = runtime().keyring.rotate(announced=0)
    after = log_in(app, member)
    assert kid_of(after["access_token"]) == new
    body = {"refresh_token": before["refresh_token"]}
    assert app.test_client().post("/api/v1/auth/refresh", json=body).status_code == 200


def test_a_key_that_has_come_of_age_is_replaced_once(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ring, "ANNOUNCED_SECONDS", 3600.0)
    with app.app_context():
        keyring = runtime().keyring
        keyring.rotate(announced=3600)
        assert keyring.rotate_if_older(timedelta(days=1)) is None
        new = keyring.rotate_if_older(timedelta(0))
        assert new in published(app)
        tidy()
        assert keyring.rotate_if_older(timedelta(days=1)) is None


def test_a_private_key_is_sealed_in_the_database(app: Flask, org: Org) -> None:
    org.key()
    with app.app_context():
        rows = db.session.execute(text("SELECT kid, private_key FROM auth.signing_keys")).all()
        kept = {key.kid: key.private for key in [runtime().keyring.current()]}
    sealed = {row.kid: bytes(row.private_key) for row in rows}
    for kid, private in kept.items():
        assert private.private_bytes_raw() not in sealed[kid]
