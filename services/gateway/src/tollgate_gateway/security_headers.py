"""What the gateway tells browsers about its answers: one rule for all of them.

Programs read none of it. Pages may run their own files and nothing else, and be framed by nobody;
what the management API answers is kept by no cache, since some of it is shown once. Answers on
`/v1` are a vendor's own, and get what holds for the whole origin alone, as they get our request
id: that their type is what they say it is, and that the origin is reached by https.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, cast

from flask import Flask, Response, request

ONE_YEAR = 365 * 24 * 60 * 60
Headers = Mapping[str, str]

_NONE: Headers = {}
_EVERY: Headers = {"x-content-type-options": "nosniff"}
_HTTPS: Headers = {"strict-transport-security": f"max-age={ONE_YEAR}"}
_NOT_KEPT: Headers = {"cache-control": "no-store"}
# No form is ever sent by the browser itself: a password would end up in an address.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
_PAGE: Headers = {
    **_NOT_KEPT,
    "content-security-policy": _POLICY,
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_INFERENCE = "/v1/"
_MANAGEMENT = ("/api/", "/oauth/")
_HTML = "text/html"


def headers_for(path: str, content_type: str | None) -> Headers:
    """Return the headers of an answer of this path and type, but for those of every answer."""
    if path.startswith(_INFERENCE):
        return _NONE
    if content_type is not None and content_type.lower().startswith(_HTML):
        return _PAGE
    return _NOT_KEPT if path.startswith(_MANAGEMENT) else _NONE


def origin_headers(public_url: str | None) -> Headers:
    """Return the headers of every answer."""
    is_https = (public_url or "").lower().startswith("https://")
    return {**_EVERY, **_HTTPS} if is_https else _EVERY


def register(app: Flask, public_url: str | None) -> None:
    """Have every answer of the app carry them."""
    app.after_request(partial(_complete, origin_headers(public_url)))


def _complete(of_origin: Headers, response: Response) -> Response:
    # Once: each look through the proxy costs as much as a call.
    path = cast(Any, request)._get_current_object().path
    for name, value in of_origin.items():
        response.headers[name] = value
    if not path.startswith(_INFERENCE):
        for name, value in headers_for(path, response.headers.get("content-type")).items():
            response.headers[name] = value
    return response
