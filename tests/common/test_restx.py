import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import BaseModel

from tollgate_common.restx import json_body
from tollgate_common.settings import CommonSettings
from tollgate_common.web import make_app


class Thing(BaseModel):
    count: int


def take() -> str:
    return str(json_body(Thing).count)


@pytest.fixture(scope="module")
def app() -> Flask:
    app = make_app("test", CommonSettings())
    app.add_url_rule("/api/v1/take", "take", take, methods=["POST"])
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "7", b"\xff", "[" * 5000, '{"count":' * 5000, "9" * 5000]
)
def test_what_is_no_json_object_is_400_however_deep(client: FlaskClient, body: str | bytes) -> None:
    assert client.post("/api/v1/take", data=body).status_code == 400


def test_doubled_slashes_lead_nowhere(client: FlaskClient) -> None:
    answer = client.post("/api//v1/take", json={"count": 1}, headers={"host": "evil.example"})
    assert answer.status_code == 404
    assert client.post("/api/v1/take", json={"count": 1}).text == "1"
