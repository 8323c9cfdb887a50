"""One OpenAPI document of the whole platform.

auth, llm and reports each describe their own routes in Swagger 2.0, which is what flask-restx
writes; here they are merged and translated into OpenAPI 3.0, which is what the bundled Swagger UI
reads. The inference routes are the vendors' own and are described by what differs from theirs.
"""

import time
from collections.abc import Mapping
from typing import Any

import msgspec

from tollgate_common.api_document import METHODS
from tollgate_common.errors import problem
from tollgate_common.logging import get_logger
from tollgate_common.relay import RelayClient, RelayFailed
from tollgate_gateway.management.inference_docs import INFERENCE_PATHS
from tollgate_gateway.management.oauth_docs import OAUTH_PATHS, SECURITY

SOURCE = "/api/v1/swagger.json"
REMEMBER_SECONDS = 30.0
JSON = "application/json"
PROBLEM = problem.CONTENT_TYPE
_KEPT = ("summary", "description", "operationId", "tags")
_OF_PARAMETER = ("name", "in", "description", "required")

log = get_logger(__name__)


class OpenApi:
    """Fetches the services' documents and merges them. A service that is down is left out until
    it is back."""

    def __init__(self, services: Mapping[str, RelayClient]) -> None:
        self._services = services
        self._document: dict[str, Any] = {}
        self._until = 0.0

    def document(self) -> dict[str, Any]:
        if time.monotonic() > self._until:
            sources = {name: self._fetch(name) for name in self._services}
            self._document = merge(sources)
            if all(sources.values()):
                self._until = time.monotonic() + REMEMBER_SECONDS
        return self._document

    def _fetch(self, name: str) -> dict[str, Any]:
        try:
            answer = self._services[name].send("GET", SOURCE, b"", {})
            body = answer.read()
            return dict(msgspec.json.decode(body)) if answer.status == 200 else {}
        except (RelayFailed, msgspec.DecodeError) as error:
            log.warning("api_document_missing", service=name, error=type(error).__name__)
            return {}


def merge(sources: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """OpenAPI 3.0 from Swagger 2.0 documents, by service."""
    paths: dict[str, Any] = INFERENCE_PATHS | OAUTH_PATHS
    schemas: dict[str, Any] = {}
    responses: dict[str, Any] = {}
    for source in sources.values():
        prefix = source.get("basePath", "").rstrip("/")
        schemas |= {name: schema_3(s) for name, s in source.get("definitions", {}).items()}
        responses |= {name: _response_3("4", r) for name, r in source.get("responses", {}).items()}
        paths |= {prefix + path: _path_3(item) for path, item in source.get("paths", {}).items()}
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Tollgate",
            "version": "1",
            "description": "Send an API key or an access token as `Authorization: Bearer …`.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": responses,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}} | SECURITY,
        },
        "security": [{"bearer": []}],
    }


def _path_3(item: dict[str, Any]) -> dict[str, Any]:
    shared = [_parameter_3(p) for p in item.get("parameters", [])]
    return {m: _operation_3(item[m], shared) for m in sorted(METHODS & item.keys())}


def _operation_3(operation: dict[str, Any], shared: list[dict[str, Any]]) -> dict[str, Any]:
    kept: dict[str, Any] = {name: operation[name] for name in _KEPT if name in operation}
    parameters = operation.get("parameters", [])
    kept["parameters"] = shared + [_parameter_3(p) for p in parameters if p["in"] != "body"]
    for body in (p for p in parameters if p["in"] == "body"):
        kept["requestBody"] = {"required": True, "content": _json(body["schema"])}
    produces = operation.get("produces", [None])[0]
    kept["responses"] = {
        status: _response_3(status, response, produces)
        for status, response in operation.get("responses", {}).items()
    }
    if "security" in operation:
        kept["security"] = operation["security"]
    return kept


def _parameter_3(parameter: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {name: parameter[name] for name in _OF_PARAMETER if name in parameter}
    rest = {k: v for k, v in parameter.items() if k not in (*kept, "collectionFormat")}
    if "collectionFormat" in parameter:
        kept["explode"] = False  # a,b,c
    return kept | {"schema": schema_3(rest.pop("schema", rest))}


def _response_3(
    status: str, response: dict[str, Any], produces: str | None = None
) -> dict[str, Any]:
    """`produces` is the media type of a success that is no JSON."""
    if "$ref" in response:
        return {"$ref": response["$ref"].replace("#/responses/", "#/components/responses/")}
    kept: dict[str, Any] = {"description": response.get("description", "")}
    if "schema" in response:
        kept["content"] = _json(response["schema"], JSON if status < "4" else PROBLEM)
    elif produces and status == "200":
        kept["content"] = {produces: {"schema": {"type": "string", "format": "binary"}}}
    return kept


def _json(schema: dict[str, Any], kind: str = JSON) -> dict[str, Any]:
    return {kind: {"schema": schema_3(schema)}}


def schema_3(schema: Any) -> Any:
    """A JSON Schema as OpenAPI 3.0 writes it: `nullable` for null, `enum` for const, booleans
    for exclusive bounds; it cannot say what the names of properties look like."""
    if isinstance(schema, list):
        return [schema_3(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result = {name: schema_3(value) for name, value in schema.items()}
    if "$ref" in result:
        result["$ref"] = str(result["$ref"]).replace("#/definitions/", "#/components/schemas/")
    for named in result.pop("patternProperties", {}).values():
        result["additionalProperties"] = named
    if isinstance(result.get("propertyNames"), dict) and "type" in result:
        del result["propertyNames"]
    if "const" in result:
        result["enum"] = [result.pop("const")]
    for side, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(result.get(side), int | float) and not isinstance(result[side], bool):
            result[bound], result[side] = result[side], True
    return _nullable(result)


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    choices = schema.get("anyOf", [])
    real: list[dict[str, Any]] = [choice for choice in choices if choice != {"type": "null"}]
    if len(real) == len(choices):
        return schema
    rest = {name: value for name, value in schema.items() if name != "anyOf"}
    if len(real) == 1 and "$ref" not in real[0]:
        only = real[0] | ({"enum": [*real[0]["enum"], None]} if "enum" in real[0] else {})
        return rest | only | {"nullable": True}
    return rest | {"anyOf": real, "nullable": True}
