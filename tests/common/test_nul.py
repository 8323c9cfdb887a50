"""PostgreSQL keeps no NUL in a text, so there is nothing of such a name, and no such value."""

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from pydantic import BaseModel, Field

from tollgate_common.restx import json_body
from tollgate_common.settings import CommonSettings
from tollgate_common.web import make_app


class Thing(BaseModel):
    name: str = ""
    more: list[dict[str, str]] = Field(default_factory=list)


def look(name: str) -> str:
    return name + request.args.get("also", "")


def take() -> str:
    return json_body(Thing).name


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    app: Flask = make_app("test", CommonSettings())
    app.add_url_rule("/things/<name>", "look", look)
    app.add_url_rule("/things", "take", take, methods=["POST"])
    return app.test_client()


def test_nothing_is_at_a_path_with_a_nul(client: FlaskClient) -> None:
    assert client.get("/things/a%00b").status_code == 404
    assert client.get("/things/a%20b").text == "a b"


def test_a_parameter_with_a_nul_is_422_and_named(client: FlaskClient) -> None:
    answer = client.get("/things/a?other=1&also=%00")
    assert (answer.status_code, answer.json["param"]) == (422, "also")  # type: ignore[index]
    assert client.get("/things/a?%00=1").status_code == 422
    assert client.get("/things/a?also=%2500").text == "a%00"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (r'{"name": "a\u0000b"}', "name"),
        (r'{"more": [{}, {"a": "\u0000"}]}', "more"),
        (r'{"more": [{"\u0000": ""}]}', "more"),
        (r'{"o\u0000dd": 1}', "odd"),
    ],
)
def test_a_body_with_a_nul_is_422_and_its_field_named(
    client: FlaskClient, body: str, param: str
) -> None:
    answer = client.post("/things", data=body)
    assert (answer.status_code, answer.json["param"]) == (422, param)  # type: ignore[index]


def test_what_only_looks_like_a_nul_is_let_through(client: FlaskClient) -> None:
    assert client.post("/things", data=r'{"name": "a\\u0000"}').text == r"a\u0000"
