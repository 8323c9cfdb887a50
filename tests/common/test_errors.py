"""Errors become answers: in the caller's dialect on /v1, as problems elsewhere, never HTML."""

from typing import Any

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient
from pydantic import BaseModel

from tollgate_common.errors import DependencyDown, NotFound, Unauthorized
from tollgate_common.settings import CommonSettings
from tollgate_common.web import make_app


class Thing(BaseModel):
    count: int


def boom() -> str:
    raise RuntimeError("secret detail")


def wrong() -> str:
    Thing.model_validate({"count": "many"})
    return "unreachable"


def missing() -> str:
    raise NotFound("There is no model `x`.", param="model", code="model_not_found")


def unauthorized() -> str:
    raise Unauthorized


def down() -> str:
    raise DependencyDown("llm", retry_after=3)


def teapot() -> str:
    abort(418)


VIEWS = (boom, wrong, missing, unauthorized, down, teapot)


@pytest.fixture(scope="module")
def app() -> Flask:
    app = make_app("test", CommonSettings())
    for view in VIEWS:
        for prefix in ("/v1/", "/v1/messages/", "/api/v1/"):
            path = prefix + view.__name__
            app.add_url_rule(path, path, view)
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.mark.parametrize(
    ("name", "status", "kind", "code"),
    [
        ("boom", 500, "server_error", "internal_error"),
        ("wrong", 422, "invalid_request_error", "invalid_field"),
        ("missing", 404, "invalid_request_error", "model_not_found"),
        ("unauthorized", 401, "authentication_error", "invalid_credentials"),
        ("down", 503, "server_error", "unavailable"),
        ("teapot", 418, "invalid_request_error", "invalid_request"),
    ],
)
def test_openais_shape_on_v1(
    client: FlaskClient, name: str, status: int, kind: str, code: str
) -> None:
    answer = client.get(f"/v1/{name}")
    assert answer.status_code == status
    error = answer.get_json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert (error["type"], error["code"]) == (kind, code)
    assert "secret detail" not in answer.text


@pytest.mark.parametrize(
    ("name", "status", "kind"),
    [
        ("boom", 500, "api_error"),
        ("wrong", 422, "invalid_request_error"),
        ("missing", 404, "not_found_error"),
        ("unauthorized", 401, "authentication_error"),
        ("down", 503, "overloaded_error"),
    ],
)
def test_anthropics_shape_on_its_routes_and_for_its_callers(
    client: FlaskClient, name: str, status: int, kind: str
) -> None:
    own = client.get(f"/v1/messages/{name}")
    shared = client.get(f"/v1/{name}", headers={"anthropic-version": "2023-06-01"})
    for answer in (own, shared):
        body: Any = answer.get_json()
        assert answer.status_code == status
        assert body["type"] == "error"
        assert body["error"]["type"] == kind
        assert body["request_id"] == answer.headers["x-request-id"]
        # What Anthropic's SDKs read it from.
        assert answer.headers["request-id"] == body["request_id"]


def test_problems_everywhere_else(client: FlaskClient) -> None:
    answer = client.get("/api/v1/wrong")
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    body: Any = answer.get_json()
    assert body["param"] == "count"
    assert body["status"] == 422
    assert body["request_id"] == answer.headers["x-request-id"]


def test_a_dead_dependency_says_when_to_come_back(client: FlaskClient) -> None:
    assert client.get("/api/v1/down").headers["retry-after"] == "3"


def test_an_unknown_path_and_method_are_answered_in_kind(client: FlaskClient) -> None:
    assert client.get("/nowhere").content_type == "application/problem+json"
    refused = client.post("/api/v1/boom")
    assert refused.status_code == 405
    assert "GET" in refused.headers["allow"]
    assert refused.content_type == "application/problem+json"


def test_a_request_id_that_is_passed_on_is_kept_if_it_is_one(client: FlaskClient) -> None:
    kept = client.get("/nowhere", headers={"x-request-id": "my-id.1"})
    assert kept.headers["x-request-id"] == "my-id.1"
    replaced = client.get("/nowhere", headers={"x-request-id": "no spaces please"})
    assert replaced.headers["x-request-id"].startswith("req_")
