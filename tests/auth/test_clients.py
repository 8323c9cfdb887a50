"""Client credentials: what each service is granted, and nobody else anything."""

from typing import Any

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient

FORM = {"grant_type": "client_credentials", "audience": "auth", "scope": "principals:read"}


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def test_a_service_gets_a_token_for_its_audience_and_scope(client: FlaskClient) -> None:
    secret = {"client_id": "gateway", "client_secret": "gateway-secret"}
    by_form = client.post("/oauth/token", data=FORM | secret)
    by_header = client.post("/oauth/token", data=FORM, auth=("gateway", "gateway-secret"))
    for answer in (by_form, by_header):
        granted: Any = answer.get_json()
        assert (granted["token_type"], granted["scope"]) == ("Bearer", "principals:read")
        claims = jwt.decode(granted["access_token"], options={"verify_signature": False})
        assert (claims["aud"], claims["sub"]) == ("auth", "service:gateway")


@pytest.mark.parametrize(
    ("client_id", "secret"),
    [("gateway", "wrong"), ("gateway", ""), ("nobody", "gateway-secret"), ("", ""),
     ("gateway", "llm-secret"), ("' OR 1=1 --", "x"), ("gateway", "\0")],
)  # fmt: skip
def test_a_wrong_secret_is_401(client: FlaskClient, client_id: str, secret: str) -> None:
    data = FORM | {"client_id": client_id, "client_secret": secret}
    assert client.post("/oauth/token", data=data).status_code == 401


@pytest.mark.parametrize(
    "change",
    [{"audience": "moon"}, {"audience": ""}, {"scope": "everything:all"}, {"scope": "x" * 10_000},
     {"grant_type": "password"}, {"audience": "gateway", "scope": "inference:act"}],
)  # fmt: skip
def test_what_is_not_granted_is_refused(client: FlaskClient, change: dict[str, str]) -> None:
    answer = client.post("/oauth/token", data=FORM | change, auth=("gateway", "gateway-secret"))
    assert answer.status_code == 400


def test_the_worker_may_act_for_others_at_the_gateway(client: FlaskClient) -> None:
    data = FORM | {"audience": "gateway", "scope": "inference:act"}
    assert client.post("/oauth/token", data=data, auth=("llm", "llm-secret")).status_code == 200
