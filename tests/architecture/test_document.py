"""The API document of the whole platform, as the gateway makes it of the real services' own."""

import re
from typing import Any

import jsonschema_rs
import pytest
import schemathesis

from tests.architecture.apps import MAKERS, documents
from tollgate_gateway.inference.endpoints import ANYTHING
from tollgate_gateway.management.openapi import merge

PREFIX = "/api/v1/"


@pytest.fixture(scope="module")
def sources() -> dict[str, Any]:
    return documents()


@pytest.fixture(scope="module")
def document(sources: dict[str, Any]) -> dict[str, Any]:
    return merge(sources)


@pytest.fixture(scope="module")
def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, item in document["paths"].items()
        if path.startswith(PREFIX)
        for method, operation in item.items()
    }


def test_the_document_is_valid_openapi(document: dict[str, Any]) -> None:
    try:
        schemathesis.openapi.from_dict(document).validate()
        fault = None
    except jsonschema_rs.ValidationError as error:
        fault = str(error)
    assert fault is None


def test_every_route_of_the_gateway_for_programs_is_in_it(document: dict[str, Any]) -> None:
    told = ("/v1/", "/oauth/", "/.well-known/")
    found = {
        re.sub(r"<(?:\w+:)?\w+>", "{}", rule.rule)
        for rule in MAKERS["gateway"]().url_map.iter_rules()
        if rule.rule.startswith(told) and rule.rule != ANYTHING
    }
    assert len(found) > 15
    assert found <= {re.sub(r"\{\w+\}", "{}", path) for path in document["paths"]}


def test_no_two_services_give_one_name_to_two_schemas(sources: dict[str, Any]) -> None:
    seen: dict[str, Any] = {}
    for source in sources.values():
        for name, schema in source["definitions"].items():
            assert seen.setdefault(name, schema) == schema, name


def test_every_operation_has_an_id_of_its_own(operations: dict[str, Any]) -> None:
    ids = [operation["operationId"] for operation in operations.values()]
    assert len(ids) == len(set(ids)) > 50


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    found = references(document)
    assert len(found) > 50
    assert [reference for reference in found if not leads_somewhere(document, reference)] == []


def test_every_error_is_a_problem(document: dict[str, Any], operations: dict[str, Any]) -> None:
    shared = document["components"]["responses"]
    for label, operation in operations.items():
        for status, answer in operation["responses"].items():
            if status >= "400":
                name = answer.get("$ref", "").rpartition("/")[2]
                content = (shared[name] if name else answer)["content"]
                assert list(content) == ["application/problem+json"], (label, status)


def test_every_body_refuses_what_it_does_not_know(
    document: dict[str, Any], operations: dict[str, Any]
) -> None:
    for label, operation in operations.items():
        if body := operation.get("requestBody"):
            name = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
            assert document["components"]["schemas"][name]["additionalProperties"] is False, label


def test_every_parameter_says_what_it_is_for(operations: dict[str, Any]) -> None:
    for label, operation in operations.items():
        for parameter in operation["parameters"]:
            assert parameter["in"] == "path" or parameter["description"], (label, parameter)


def leads_somewhere(document: dict[str, Any], reference: str) -> bool:
    found: Any = document
    for part in reference.removeprefix("#/").split("/"):
        if not isinstance(found, dict) or part not in found:
            return False
        found = found[part]
    return True


def references(part: Any) -> list[str]:
    if isinstance(part, list):
        return [found for item in part for found in references(item)]
    if not isinstance(part, dict):
        return []
    own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
    return own + [found for item in part.values() for found in references(item)]
