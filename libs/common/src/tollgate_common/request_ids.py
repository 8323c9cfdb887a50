"""The ids of a request: ours, which no two requests share, and the caller's own.

Ours is made where a request comes in from outside, whatever the caller sends; the services behind
pass it on. The caller's is kept beside it, so that what the caller has in its own log is found.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from uuid_utils import uuid7

HEADER, CLIENT_HEADER = "x-request-id", "x-client-request-id"
_VARIABLE, _CLIENT_VARIABLE = "HTTP_X_REQUEST_ID", "HTTP_X_CLIENT_REQUEST_ID"
_OURS = re.compile(r"[A-Za-z0-9._:-]{1,128}\Z")
_CLIENTS = re.compile(r"[ -~]{1,128}\Z")

Environ = Mapping[str, Any]


class RequestIds(NamedTuple):
    """`own` is ours; `client` is the caller's, or None if it has sent none that can be one."""

    own: str
    client: str | None = None


def new_request_id() -> str:
    return f"req_{uuid7().hex}"


def ids_at_the_edge(environ: Environ) -> RequestIds:
    """Return a new id, and the caller's: `x-client-request-id`, else `x-request-id`. It is at most
    128 printable ASCII characters; anything else is no id, and is not kept."""
    client = _client_id(environ, _CLIENT_VARIABLE) or _client_id(environ, _VARIABLE)
    return RequestIds(new_request_id(), client)


def ids_inside(environ: Environ) -> RequestIds:
    """Return the ids that the gateway has passed on, to a service behind it."""
    passed = str(environ.get(_VARIABLE, ""))
    own = passed if _OURS.match(passed) else new_request_id()
    return RequestIds(own, _client_id(environ, _CLIENT_VARIABLE))


def _client_id(environ: Environ, variable: str) -> str | None:
    sent = str(environ.get(variable, "")).strip()
    return sent if _CLIENTS.match(sent) else None
