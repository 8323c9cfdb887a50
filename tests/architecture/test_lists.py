"""Every list of the real apps pages, filters, and refuses a parameter that it does not know."""

import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from werkzeug.test import TestResponse

from tests.architecture.apps import DOCUMENTED, MAKERS, SETTINGS, documents
from tollgate_auth.roles.permissions import PERMISSIONS
from tollgate_common.guard import INTERNAL_AUDIENCE, Guard
from tollgate_common.jwt import JwksClient
from tollgate_common.settings import CommonSettings

PREFIX = "/api/v1"
UNKNOWN = "no_such_parameter"
# Where somebody else's redirect adds parameters of its own.
FOREIGN = {"get /auth/sso/{name}/login", "get /auth/sso/{name}/callback"}
KEY = Ed25519PrivateKey.generate()
PUBLIC = jwt.algorithms.OKPAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
PUBLISHED = {"keys": [{**PUBLIC, "kid": "k1", "alg": "EdDSA", "use": "sig"}]}
APPS: dict[str, Flask] = {}


def app_of(service: str) -> Flask:
    """The service, which believes this module's assertions."""
    if service not in APPS:
        app = APPS[service] = MAKERS[service]()
        issuer = CommonSettings.load(SETTINGS).issuer
        Guard(JwksClient(lambda: PUBLISHED), issuer, service).register(app)
    return APPS[service]


def assertion() -> str:
    claims = {
        "iss": CommonSettings.load(SETTINGS).issuer, "aud": INTERNAL_AUDIENCE, "sub": "usr_1",
        "user": "usr_1", "org": "org_1", "mode": "live", "iat": int(time.time()),
        "exp": int(time.time()) + 900, "scope": " ".join(PERMISSIONS),
    }  # fmt: skip
    return jwt.encode(claims, KEY, "EdDSA", headers={"kid": "k1"})


def operations() -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Service, method, path and document of each operation."""
    for service, document in documents().items():
        for path, item in document["paths"].items():
            shared = item.get("parameters", [])
            for method in ("get", "post", "put", "patch", "delete"):
                if operation := item.get(method):
                    parameters = shared + operation.get("parameters", [])
                    yield service, method, path, {**operation, "parameters": parameters}


def is_list(service: str, operation: dict[str, Any]) -> bool:
    schema = operation["responses"].get("200", {}).get("schema", {}).get("$ref", "")
    properties = documents_of[service]["definitions"].get(schema.rpartition("/")[2], {})
    return "next_cursor" in properties.get("properties", {})


documents_of = documents()
OPERATIONS = [(s, m, p, o) for s, m, p, o in operations() if f"{m} {p}" not in FOREIGN]
LISTS = [(s, m, p, o) for s, m, p, o in OPERATIONS if is_list(s, o)]


def known(operation: dict[str, Any]) -> list[str]:
    return [each["name"] for each in operation["parameters"] if each["in"] == "query"]


def call(service: str, method: str, path: str, **query: Any) -> TestResponse:
    names = {"name": "a", "request_id": "req_1", "job_id": "job_1", "report_id": "rep_1"}
    for part in path.split("/"):
        if part.startswith("{"):
            path = path.replace(part, names.get(part[1:-1], f"usr_{'0' * 32}"))
    headers = {"authorization": f"Bearer {assertion()}"}
    client = app_of(service).test_client()
    return client.open(f"{PREFIX}{path}", method=method, query_string=query, headers=headers)


def label(operation: tuple[str, str, str, Any]) -> str:
    return f"{operation[1]} {operation[2]}"


def test_the_lists_are_found() -> None:
    found = {label(each) for each in LISTS}
    assert {service for service, *_ in LISTS} == set(DOCUMENTED)
    assert found >= {
        f"get /{noun}"
        for noun in (
            "audit-log", "auth/sessions", "invitations", "jobs", "keys", "limits", "models",
            "projects", "providers", "reports", "requests", "roles", "service-accounts", "sso",
            "users",
        )
    }  # fmt: skip


@pytest.mark.parametrize("operation", OPERATIONS, ids=label)
def test_an_unknown_parameter_is_422_and_the_known_ones_are_named(
    operation: tuple[str, str, str, dict[str, Any]],
) -> None:
    service, method, path, document = operation
    answer = call(service, method, path, **{UNKNOWN: "1"})
    assert answer.status_code == 422, answer.text
    problem: Any = answer.get_json()
    assert (problem["code"], problem["param"]) == ("invalid_field", UNKNOWN)
    assert all(name in problem["detail"] for name in known(document))
    assert "422" in document["responses"]


@pytest.mark.parametrize("operation", LISTS, ids=label)
def test_a_list_has_pages_and_filters(
    operation: tuple[str, str, str, dict[str, Any]],
) -> None:
    assert {"limit", "cursor"} < set(known(operation[3]))


@pytest.mark.parametrize("operation", LISTS, ids=label)
def test_a_parameter_comes_once(operation: tuple[str, str, str, dict[str, Any]]) -> None:
    service, method, path, document = operation
    for name in known(document):
        answer = call(service, method, path, **{name: ["a", "b"]})
        assert answer.status_code == 422, name
        problem: Any = answer.get_json()
        assert problem["param"] == name
