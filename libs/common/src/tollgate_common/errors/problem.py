"""RFC 9457 `application/problem+json`, for everything that is not a vendor's dialect."""

from typing import Any

import msgspec

from tollgate_common.errors.base import TollgateError

CONTENT_TYPE = "application/problem+json"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457. `code` is for programs; `param` names the field that is wrong.",
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "request_id": {"type": "string"},
        "param": {"type": "string"},
    },
}


def render(error: TollgateError, request_id: str) -> bytes:
    """`type` is a URN of the code; `code`, `param` and `request_id` are extension members."""
    body: dict[str, Any] = {
        "type": f"urn:tollgate:error:{error.error_code}",
        "title": error.error_code.replace("_", " ").capitalize(),
        "status": error.http_status,
        "detail": error.detail,
        "code": error.error_code,
        "request_id": request_id,
    }
    if error.param:
        body["param"] = error.param
    return msgspec.json.encode(body)
