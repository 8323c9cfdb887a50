"""How each vendor identifies callers, shapes errors and labels answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol
from uuid import uuid4

import msgspec
from flask import Request, Response

from tollgate_llm.sandbox.errors import ApiError

JSON = "application/json"


class Dialect(Protocol):
    """A vendor's way of speaking, apart from the shapes of its answers."""

    def authenticate(self, request: Request) -> None:
        """Raise a 401 `ApiError` unless some credential is given; any will do."""
        ...

    def headers(self) -> dict[str, str]:
        """What every answer carries: the vendor's request id."""
        ...

    def error(self, error: ApiError, request_id: str) -> dict[str, Any]:
        """The body of a refusal."""
        ...

    def request_id(self, headers: dict[str, str]) -> str: ...


@dataclass(frozen=True, slots=True)
class OpenAI:
    def authenticate(self, request: Request) -> None:
        if not _bearer(request):
            raise ApiError(
                401,
                "You didn't provide an API key. You need to provide your API key in an "
                "Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
            )

    def headers(self) -> dict[str, str]:
        return {"x-request-id": f"req_{uuid4().hex}", "openai-version": "2020-10-01"}

    def request_id(self, headers: dict[str, str]) -> str:
        return headers["x-request-id"]

    def error(self, error: ApiError, request_id: str) -> dict[str, Any]:
        kinds = {429: "requests", 500: "server_error", 503: "server_error", 504: "server_error"}
        kind = kinds.get(error.status, "invalid_request_error")
        param = brackets(error.param)
        message = f"Invalid '{param}': {error.message}" if param else error.message
        if error.code == "missing_required_parameter":
            message = f"Missing required parameter: '{param}'."
        shape = {"message": message, "type": kind, "param": param or None, "code": error.code}
        return {"error": shape}


@dataclass(frozen=True, slots=True)
class Anthropic:
    def authenticate(self, request: Request) -> None:
        if not (request.headers.get("x-api-key", "").strip() or _bearer(request)):
            raise ApiError(401, "x-api-key header is required")
        if not request.headers.get("anthropic-version", "").strip():
            raise ApiError(400, "anthropic-version: header is required")

    def headers(self) -> dict[str, str]:
        return {"request-id": f"req_{uuid4().hex}"}

    def request_id(self, headers: dict[str, str]) -> str:
        return headers["request-id"]

    def error(self, error: ApiError, request_id: str) -> dict[str, Any]:
        kinds = {
            401: "authentication_error",
            404: "not_found_error",
            413: "request_too_large",
            429: "rate_limit_error",
            500: "api_error",
            503: "overloaded_error",
            504: "timeout_error",
        }
        path = ".".join(str(part) for part in error.param)
        shape: dict[str, Any] = {
            "type": kinds.get(error.status, "invalid_request_error"),
            "message": f"{path}: {error.message}" if path else error.message,
        }
        if error.details:
            shape["details"] = error.details
        return {"type": "error", "error": shape, "request_id": request_id}


OPENAI, ANTHROPIC = OpenAI(), Anthropic()


def dialect_of(request: Request) -> Dialect:
    """Anthropic's for its own routes and for whoever sends `anthropic-version`; else OpenAI's."""
    own_route = request.path.startswith("/v1/messages")
    return ANTHROPIC if own_route or "anthropic-version" in request.headers else OPENAI


def render_error(error: ApiError, dialect: Dialect) -> Response:
    headers = dialect.headers()
    body = dialect.error(error, dialect.request_id(headers))
    return Response(
        msgspec.json.encode(body),
        status=error.status,
        mimetype=JSON,
        headers={**headers, **error.headers},
    )


def brackets(path: tuple[str | int, ...]) -> str:
    """OpenAI's way to name a field: `messages[0].content`."""
    named = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return named.removeprefix(".")


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
