"""`GET /internal/v1/spend`: what auth asks before it deletes a project."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from flask.testing import FlaskClient

from tests.reports.conftest import ORG
from tollgate_reports.app import create_app
from tollgate_reports.settings import ReportsSettings

Record = Callable[..., str]
Client = Callable[..., FlaskClient]

NOON = datetime(2026, 11, 10, 12, 7, tzinfo=UTC)
PATH = "/internal/v1/spend"
ASKED = {"org": ORG, "project": "proj_1"}


@pytest.fixture
def auth(app: Flask, settings: ReportsSettings, signing_key: Ed25519PrivateKey) -> Client:
    """Make a client that calls as auth does."""

    def auth(scope: str = "spend:read") -> FlaskClient:
        claims = {"iss": settings.issuer, "aud": "reports", "sub": "service:auth", "scope": scope,
                  "iat": int(time.time()), "exp": int(time.time()) + 900}  # fmt: skip
        token = jwt.encode(claims, signing_key, "EdDSA", headers={"kid": "k1"})
        caller = app.test_client()
        caller.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return caller

    return auth


def spend(caller: FlaskClient, **asked: str) -> Any:
    answer = caller.get(PATH, query_string={**ASKED, **asked})
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def test_spend_is_summed_by_mode_over_all_time(booked: Record, auth: Client) -> None:
    booked(NOON)
    booked(NOON.replace(month=1), {"cost_nanos": 1})
    booked(NOON, {"cost_nanos": 7, "unpriced": True}, mode="test")
    booked(NOON, project="proj_2")
    assert spend(auth()) == {
        "live": {"requests": 2, "unpriced_requests": 0, "cost_usd": "0.000004501"},
        "test": {"requests": 1, "unpriced_requests": 1, "cost_usd": "0.000000007"},
    }


def test_a_project_that_was_never_used_has_spent_nothing(booked: Record, auth: Client) -> None:
    booked(NOON)
    nothing = {"requests": 0, "unpriced_requests": 0, "cost_usd": "0.000000000"}
    for asked in ({"project": "proj_9"}, {"org": "org_other"}):
        assert spend(auth(), **asked) == {"live": nothing, "test": nothing}


@pytest.mark.parametrize(
    ("query", "param"),
    [("org=org_1", "project"), ("org=org_1&project=a%20b", "project"),
     ("org=org_1&project=proj_1&mode=live", "mode")],
)  # fmt: skip
def test_a_wrong_question_is_422_and_named(auth: Client, query: str, param: str) -> None:
    answer = auth().get(f"{PATH}?{query}")
    assert (answer.status_code, answer.get_json()["param"]) == (422, param)


def test_nobody_else_may_ask(auth: Client, client: Client) -> None:
    assert client().get(PATH, query_string=ASKED).status_code == 401
    assert auth("limits:read").get(PATH, query_string=ASKED).status_code == 403


def test_with_postgresql_away_it_is_503(
    settings: ReportsSettings, auth: Client, signing_key: Ed25519PrivateKey, app: Flask
) -> None:
    alone = create_app(
        settings.model_copy(update={"database_url": "postgresql://nobody@127.0.0.1:1/nothing"})
    )
    alone.extensions["tollgate_guard"] = app.extensions["tollgate_guard"]
    caller = alone.test_client()
    caller.environ_base.update(auth().environ_base)
    assert caller.get(PATH, query_string=ASKED).status_code == 503
