"""A signing key that somebody else may have is revoked: nothing that it signed holds any more."""

import time
from typing import Any

import jwt
import pytest
from click.testing import CliRunner
from flask import Flask

from tests.auth.conftest import PASSWORD, Org, User
from tollgate_auth import cli, commands
from tollgate_auth.runtime import runtime
from tollgate_auth.signing_keys import revocation
from tollgate_auth.signing_keys import service as ring
from tollgate_auth.signing_keys.service import SigningKey
from tollgate_common import jwt as tokens_of_others


@pytest.fixture
def app(empty_app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """In an app of its own, which alone has the keys; another takes over at once."""
    monkeypatch.setattr(ring, "TAKEOVER_SECONDS", 0.0)
    monkeypatch.setattr(tokens_of_others, "TRUSTED_SECONDS", 0.0)
    monkeypatch.setattr(tokens_of_others, "REFETCH_SECONDS", -1.0)
    return empty_app


def current(app: Flask) -> SigningKey:
    with app.app_context():
        return runtime().keyring.current()


def revoke(app: Flask, kid: str, during: Any = None) -> bool:
    def wait(seconds: float) -> None:
        assert seconds >= 60
        if during:
            during()

    with app.app_context():
        return revocation.revoke(runtime().keyring, kid, wait)


def published(app: Flask) -> set[str]:
    answer = app.test_client().get("/.well-known/jwks.json")
    return {key["kid"] for key in answer.get_json()["keys"]}


def log_in(app: Flask, user: User) -> dict[str, Any]:
    body = {"email": user.email, "password": PASSWORD}
    return dict(app.test_client().post("/api/v1/auth/login", json=body).get_json())


def refresh(app: Flask, tokens: dict[str, Any]) -> int:
    body = {"refresh_token": tokens["refresh_token"]}
    return app.test_client().post("/api/v1/auth/refresh", json=body).status_code


def me(app: Flask, assertion: str) -> int:
    headers = {"authorization": f"Bearer {assertion}"}
    return app.test_client().get("/api/v1/me", headers=headers).status_code


def test_another_key_takes_over_and_the_revoked_one_is_published_no_more(app: Flask) -> None:
    old = current(app).kid
    seen: list[set[str]] = []
    assert revoke(app, old, during=lambda: seen.append(published(app)))
    (both,) = seen
    assert old in both
    new = current(app).kid
    assert new != old
    assert published(app) == {new}
    assert not revoke(app, old)


def test_all_sessions_end_and_people_log_in_again(app: Flask) -> None:
    members = [Org(app).user("member", password=PASSWORD) for _ in range(2)]
    sessions = [log_in(app, member) for member in members]
    assert refresh(app, sessions[0]) == 200
    assert revoke(app, current(app).kid)
    assert [refresh(app, session) for session in sessions] == [401, 401]
    for member in members:
        assert refresh(app, log_in(app, member)) == 200


def test_what_the_key_signs_is_refused_and_keys_go_on(app: Flask) -> None:
    org = Org(app)
    key, old = org.key(), current(app)
    before = key.principal()
    claims = jwt.decode(before.assertion, options={"verify_signature": False})
    forged = jwt.encode(
        claims | {"exp": int(time.time()) + 900}, old.private, "EdDSA", {"kid": old.kid}
    )
    assert me(app, before.assertion) == me(app, forged) == 200
    assert revoke(app, old.kid)
    after = key.principal()
    assert after.version > before.version
    assert jwt.get_unverified_header(after.assertion)["kid"] == current(app).kid
    assert me(app, after.assertion) == 200
    assert me(app, before.assertion) == me(app, forged) == 401


def test_links_that_it_signed_work_no_more(app: Flask) -> None:
    made = Org(app).owner.post("/invitations", {"email": "new@example.com"}).get_json()
    assert revoke(app, current(app).kid)
    body = {"token": made["link"].partition("#")[2], "password": PASSWORD}
    answer = app.test_client().post("/api/v1/invitations/accept", json=body)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "bad_link")


def test_every_organisation_has_it_in_its_audit_log(app: Flask) -> None:
    organisations, kid = [Org(app), Org(app)], current(app).kid
    assert revoke(app, kid)
    for org in organisations:
        query = "?action=signing_key.revoked"
        (entry,) = org.owner.get(f"/audit-log{query}").get_json()["data"]
        assert (entry["target"]["id"], entry["actor"]["kind"]) == (kid, "system")


def test_an_older_key_goes_and_the_one_that_signs_stays(app: Flask) -> None:
    old = current(app).kid
    with app.app_context():
        new = runtime().keyring.rotate(announced=0)
    assert revoke(app, old)
    assert published(app) == {new}


def test_the_command_says_what_it_does(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "create_app", lambda: app)
    monkeypatch.setattr(revocation, "RENEWED_SECONDS", 0.0)
    kid = current(app).kid
    done = CliRunner().invoke(cli.main, ["signing-keys", "revoke", kid])
    assert done.exit_code == 0, done.output
    assert f"{kid} is revoked, and all sessions have ended." in done.output
    assert current(app).kid in done.output
    again = CliRunner().invoke(cli.main, ["signing-keys", "revoke", kid])
    assert (again.exit_code, "no signing key" in again.output) == (1, True)
