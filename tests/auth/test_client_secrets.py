"""Wrong client secrets: a flood of them is 429, and whoever has a good one waits for nobody."""

from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.auth.conftest import Org
from tollgate_common.attempts import secrets
from tollgate_common.attempts.counters import Delays
from tollgate_common.attempts.secrets import FREE_FOR_ADDRESS

HERE, ELSEWHERE = "192.0.2.1", "198.51.100.7"


@pytest.fixture(autouse=True)
def long_delays(redis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine, a wait is not over before the test; Redis is empty."""
    monkeypatch.setattr(secrets, "DELAYS", Delays(600, 600))


def token(
    app: Flask, client_id: str, secret: str, address: str = HERE, **form: str
) -> TestResponse:
    return app.test_client().post(
        "/oauth/token",
        data={"grant_type": "client_credentials"} | form,
        auth=(client_id, secret),
        environ_overrides={"REMOTE_ADDR": address},
    )


def account(org: Org) -> tuple[str, str]:
    made = org.owner.post("/service-accounts", {"name": "robot", "scopes": ["inference"]})
    return made.get_json()["id"], made.get_json()["client_secret"]


def flood(app: Flask, client_id: str) -> None:
    for number in range(FREE_FOR_ADDRESS):
        assert token(app, client_id, f"a wrong one, {number}").status_code == 401


def test_a_flood_is_429_in_the_shape_of_oauth(app: Flask, org: Org) -> None:
    client_id, secret = account(org)
    flood(app, client_id)
    refused = token(app, client_id, "another wrong one")
    assert refused.status_code == 429
    assert refused.get_json()["error"] == "too_many_attempts"
    assert int(refused.headers["retry-after"]) >= 1
    assert token(app, client_id, secret, ELSEWHERE).status_code == 200


def test_a_secret_that_was_good_is_not_held(app: Flask, org: Org) -> None:
    (mine, secret), (other, other_secret) = account(org), account(org)
    assert token(app, mine, secret).status_code == 200
    flood(app, other)
    assert token(app, mine, secret).status_code == 200
    assert token(app, other, other_secret).status_code == 429


def test_neither_are_our_own_services(app: Flask, org: Org) -> None:
    flood(app, "gateway")
    assert token(app, "gateway", "a wrong one").status_code == 429
    assert token(app, "gateway", "gateway-secret", audience="auth").status_code == 200


def test_a_rotated_secret_counts_once_and_its_successor_goes_on(app: Flask, org: Org) -> None:
    client_id, old = account(org)
    assert token(app, client_id, old).status_code == 200
    rotated = org.owner.post(f"/service-accounts/{client_id}/rotate").get_json()["client_secret"]
    for _ in range(FREE_FOR_ADDRESS + 20):
        assert token(app, client_id, old).status_code == 401
    assert token(app, client_id, rotated).status_code == 200
