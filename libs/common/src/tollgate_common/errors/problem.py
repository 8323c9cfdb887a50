"""RFC 9457 `application/problem+json`, for everything that is not a vendor's dialect."""

from typing import Any

import msgspec
from flask import Flask, Response, g

from tollgate_common.errors.base import TollgateError, from_exception
from tollgate_common.logging import get_logger

log = get_logger(__name__)


def problem(error: TollgateError) -> Response:
    """`type` is a URN of the code; `param` and `request_id` are extension members."""
    body: dict[str, Any] = {
        "type": f"urn:tollgate:error:{error.error_code}",
        "title": error.error_code.replace("_", " ").capitalize(),
        "status": error.http_status,
        "detail": error.detail,
        "code": error.error_code,
        "request_id": g.get("request_id"),
    }
    if error.param:
        body["param"] = error.param
    return Response(
        msgspec.json.encode(body),
        status=error.http_status,
        headers=error.headers,
        content_type="application/problem+json",
    )


def register(app: Flask) -> None:
    """Answer every error of the app as a problem; an unexpected one is logged, never shown."""

    def handle(error: Exception) -> Response:
        known = from_exception(error)
        if known.http_status == 500:
            log.error("unhandled_error", exc_info=error)
        return problem(known)

    app.register_error_handler(Exception, handle)
