"""Errors in the two vendors' own shapes, with the types that their SDKs map to exceptions."""

from typing import Any, Literal

import msgspec

from tollgate_common.errors.base import TollgateError

Dialect = Literal["openai", "anthropic"]

_OPENAI_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    429: "rate_limit_error",
}
_ANTHROPIC_TYPES = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}


def dialect_of(path: str, anthropic_version: str | None) -> Dialect:
    """Anthropic's for its own routes, and on shared ones for callers that send its version."""
    if path.startswith("/v1/messages") or anthropic_version:
        return "anthropic"
    return "openai"


def render(error: TollgateError, dialect: Dialect, request_id: str) -> bytes:
    """The body of an error answer, JSON."""
    return msgspec.json.encode(as_dict(error, dialect, request_id))


def as_dict(error: TollgateError, dialect: Dialect, request_id: str) -> dict[str, Any]:
    """The same before it is encoded."""
    status = error.http_status
    if dialect == "anthropic":
        fallback = "api_error" if status >= 500 else "invalid_request_error"
        kind = _ANTHROPIC_TYPES.get(status, fallback)
        detail: dict[str, Any] = {"type": kind, "message": error.detail}
        if error.details:
            detail["details"] = error.details
        return {"type": "error", "error": detail, "request_id": request_id}
    kind = _openai_type(error)
    return {
        "error": {
            "message": error.detail,
            "type": kind,
            "param": error.param,
            "code": error.error_code,
        }
    }


def _openai_type(error: TollgateError) -> str:
    if error.error_code == "insufficient_quota":
        return "insufficient_quota"
    fallback = "server_error" if error.http_status >= 500 else "invalid_request_error"
    return _OPENAI_TYPES.get(error.http_status, fallback)
