"""A session ends some day after its login, however often it is refreshed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from flask import Flask
from sqlalchemy import create_engine, text
from werkzeug.test import TestResponse

from tests.auth.conftest import PASSWORD, Org, User
from tollgate_auth.extensions import VERSIONS, db
from tollgate_auth.migrations import MIGRATIONS
from tollgate_auth.settings import AuthSettings

DAYS = 90


def log_in(app: Flask, user: User) -> dict[str, Any]:
    body = {"email": user.email, "password": PASSWORD}
    return dict(app.test_client().post("/api/v1/auth/login", json=body).get_json())


def refresh(app: Flask, tokens: dict[str, Any]) -> TestResponse:
    body = {"refresh_token": tokens["refresh_token"]}
    return app.test_client().post("/api/v1/auth/refresh", json=body)


def claims_of(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


def let_pass(app: Flask, tokens: dict[str, Any], **since: float) -> None:
    """Move the session's beginning, and with it its last day, into the past."""
    with app.app_context():
        db.session.execute(
            text(
                "UPDATE sessions SET created_at = created_at - CAST(:by AS interval),"
                " ends_at = ends_at - CAST(:by AS interval) WHERE id = :id"
            ),
            {"by": timedelta(**since), "id": claims_of(tokens["access_token"])["sid"]},
        )
        db.session.commit()


def listed(user: User) -> dict[str, Any]:
    (session,) = user.get("/auth/sessions").get_json()["data"]
    return dict(session)


def moment(written: str) -> datetime:
    return datetime.fromisoformat(written)


def test_the_last_day_is_shown_and_no_refresh_moves_it(app: Flask, member: User) -> None:
    tokens = log_in(app, member)
    before = listed(member)
    life = moment(before["ends_at"]) - moment(before["created_at"])
    assert abs(life - timedelta(days=DAYS)) < timedelta(seconds=10)
    assert refresh(app, tokens).status_code == 200
    assert listed(member)["ends_at"] == before["ends_at"]


def test_a_refresh_after_the_last_day_is_401_as_of_an_ended_session(
    app: Flask, org: Org, member: User
) -> None:
    tokens = refresh(app, log_in(app, member)).get_json()
    let_pass(app, tokens, days=DAYS)
    answer = refresh(app, tokens)
    assert answer.status_code == 401
    assert answer.get_json()["detail"] == "The session has ended; please log in again."
    assert "session.ended_for_token_reuse" not in org.owner.get("/audit-log").text


def test_tokens_end_with_the_session(app: Flask, member: User) -> None:
    tokens = log_in(app, member)
    let_pass(app, tokens, days=DAYS, minutes=-5)
    ends_at = moment(listed(member)["ends_at"])
    last = refresh(app, tokens).get_json()
    assert 200 < last["expires_in"] <= 300
    for token in (last["access_token"], last["refresh_token"]):
        assert abs(claims_of(token)["exp"] - ends_at.timestamp()) <= 2
    assert listed(member)["expires_at"] == listed(member)["ends_at"]
    sid = claims_of(last["access_token"])["sid"]
    caller = type(member)(app, {"id": member.id, "email": member.email})
    caller._name = {"session_id": sid}
    assert caller.principal().assertion_expires_at <= ends_at.timestamp()


def test_a_session_that_lasts_goes_on_as_before(app: Flask, member: User) -> None:
    tokens = log_in(app, member)
    let_pass(app, tokens, days=30)
    again = refresh(app, tokens).get_json()
    assert again["expires_in"] == 900
    left = claims_of(again["refresh_token"])["exp"] - datetime.now(UTC).timestamp()
    assert timedelta(days=29) < timedelta(seconds=left) <= timedelta(days=30)


@pytest.mark.parametrize("days", [0, 366])
def test_the_setting_has_bounds(days: int) -> None:
    with pytest.raises(SystemExit, match="SESSION_DAYS"):
        AuthSettings.load({"session_days": days})


def test_sessions_from_before_count_from_their_beginning(empty: str) -> None:
    url = empty.replace("postgresql://", "postgresql+psycopg://")
    MIGRATIONS.upgrade(url)
    (migration,) = VERSIONS.glob("*_session_ends.py")
    MIGRATIONS.downgrade(url, f"{int(migration.name[:4]) - 1:04}")
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO auth.organisations (id, name, audit_length, audit_hash)"
                " VALUES ('org_1', 'o', 0, '');"
                "INSERT INTO auth.users (id, org_id, email, name, role, version)"
                " VALUES ('usr_1', 'org_1', 'a@example.com', 'a', 'member', 1);"
                "INSERT INTO auth.sessions (id, user_id, created_at, expires_at)"
                " SELECT 'ses_' || age, 'usr_1', now() - age * interval '1 day',"
                " now() + interval '20 days' FROM (VALUES (1), (80), (100)) AS aged (age)"
            )
        )
    MIGRATIONS.upgrade(url)
    with engine.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT id, ends_at = created_at + interval '90 days' AS counts,"
                " expires_at > now() AS lasts, expires_at <= ends_at AS bound FROM auth.sessions"
            )
        ).all()
    engine.dispose()
    assert {row.id: row.lasts for row in rows} == {"ses_1": True, "ses_80": True, "ses_100": False}
    assert all(row.counts and row.bound for row in rows)
