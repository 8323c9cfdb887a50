"""Passwords: hashed anew when the parameters change, changed, and reset by a link."""

import time
from urllib.parse import urlsplit

import pytest
from argon2 import PasswordHasher
from flask import Flask
from werkzeug.test import TestResponse

from tests.auth.conftest import PASSWORD, Org, User
from tollgate_auth.extensions import db
from tollgate_auth.passwords.hashing import Passwords
from tollgate_auth.users.models import User as UserRow

NEW = "another long password"
CHANGE, RESET = "/auth/password", "/api/v1/auth/password/reset"


def log_in(app: Flask, email: str, password: str) -> TestResponse:
    body = {"email": email, "password": password}
    return app.test_client().post("/api/v1/auth/login", json=body)


def refresh(app: Flask, answer: TestResponse) -> int:
    body = {"refresh_token": answer.get_json()["refresh_token"]}
    return app.test_client().post("/api/v1/auth/refresh", json=body).status_code


def stored_hash(app: Flask, user: User) -> str:
    with app.app_context():
        return str(db.session.get_one(UserRow, user.id).password_hash)


def test_a_changed_password_ends_the_other_sessions(app: Flask, org: Org, member: User) -> None:
    before = log_in(app, member.email, PASSWORD)
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert member.post(CHANGE, body).status_code == 204
    assert log_in(app, member.email, PASSWORD).status_code == 401
    assert log_in(app, member.email, NEW).status_code == 200
    assert refresh(app, before) == 401
    assert "password.changed" in org.owner.get("/audit-log").text


def test_the_session_that_changes_the_password_goes_on(app: Flask, member: User) -> None:
    mine, other = (log_in(app, member.email, PASSWORD) for _ in range(2))
    sessions = member.get("/auth/sessions").get_json()["data"]
    caller = type(member)(app, {"id": member.id, "email": member.email})
    caller._name = {"session_id": sessions[1]["id"]}
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert caller.post(CHANGE, body).status_code == 204
    assert (refresh(app, mine), refresh(app, other)) == (200, 401)


def test_the_current_password_is_needed(org: Org, member: User) -> None:
    body = {"current_password": "a guess, a wrong one", "new_password": NEW}
    assert member.post(CHANGE, body).status_code == 403
    short = {"current_password": PASSWORD, "new_password": "short"}
    assert member.post(CHANGE, short).get_json()["param"] == "new_password"
    key = org.key(by=member)
    assert key.post(CHANGE, body | {"current_password": PASSWORD}).status_code == 403


def test_a_reset_link_works_once_and_ends_all_sessions(app: Flask, org: Org, member: User) -> None:
    session = log_in(app, member.email, PASSWORD)
    made = org.owner.post(f"/users/{member.id}/password-reset")
    assert made.status_code == 201, made.text
    link = urlsplit(made.get_json()["link"])
    assert link.path == "/password-reset"
    body = {"token": link.fragment, "password": NEW}
    client = app.test_client()
    assert client.post(RESET, json=body).status_code == 204
    assert client.post(RESET, json=body).status_code == 400
    assert refresh(app, session) == 401
    assert log_in(app, member.email, NEW).status_code == 200
    assert link.fragment not in org.owner.get("/audit-log").text


def test_a_reset_link_dies_with_the_password_it_was_made_for(
    app: Flask, org: Org, member: User
) -> None:
    link = org.owner.post(f"/users/{member.id}/password-reset").get_json()["link"]
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert member.post(CHANGE, body).status_code == 204
    reset = {"token": urlsplit(link).fragment, "password": PASSWORD}
    assert app.test_client().post(RESET, json=reset).status_code == 400


def test_an_admin_cannot_reset_an_owners_password(org: Org) -> None:
    admin = org.user("admin")
    assert admin.post(f"/users/{org.owner_id}/password-reset").status_code == 403
    assert org.user("member").post(f"/users/{admin.id}/password-reset").status_code == 403


def test_a_login_renews_a_hash_of_other_parameters(app: Flask, member: User) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with app.app_context():
        db.session.get_one(UserRow, member.id).password_hash = weak
        db.session.commit()
    assert log_in(app, member.email, PASSWORD).status_code == 200
    renewed = stored_hash(app, member)
    assert renewed != weak
    assert "m=65536,t=3,p=4" in renewed
    assert log_in(app, member.email, PASSWORD).status_code == 200
    assert stored_hash(app, member) == renewed


@pytest.mark.parametrize("known", [None, "no hash"])
def test_nobody_has_every_password(known: str | None) -> None:
    assert not Passwords().verify(known, "")


def test_an_unknown_user_takes_as_much_hashing_as_a_wrong_password() -> None:
    """CPU time of the hashing threads' work, not of the clock, which others share."""
    passwords = Passwords()
    known = passwords.hash(PASSWORD)

    def cpu(known: str | None) -> float:
        taken = []
        for _ in range(5):
            before = time.process_time()
            assert not passwords.verify(known, "wrong")
            taken.append(time.process_time() - before)
        return min(taken)

    assert 0.5 < cpu(None) / cpu(known) < 2
