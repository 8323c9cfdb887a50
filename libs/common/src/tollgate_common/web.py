"""What every web service does around its views: request ids, access log, metrics, errors."""

import re
import time

from flask import Flask, Response, current_app, g, request
from uuid_utils import uuid7

from tollgate_common import logging
from tollgate_common.errors import InvalidField, NotFound, answers
from tollgate_common.metrics import http_request_seconds, http_requests
from tollgate_common.settings import CommonSettings

MAX_BODY_BYTES = 32 * 1024 * 1024
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}\Z")
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}\Z")
_QUIET = frozenset({"/healthz", "/readyz"})

log = logging.get_logger(__name__)


def make_app(service: str, settings: CommonSettings) -> Flask:
    """A Flask app with logging configured, errors answered and every request accounted for."""
    logging.configure(settings, service)
    app = Flask(service, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.url_map.strict_slashes = False
    # It would redirect, to whatever host the request claims to have come for.
    app.url_map.merge_slashes = False
    app.before_request(_begin)
    app.after_request(_finish)
    answers.register(app)
    return app


def _begin() -> None:
    g.started = time.perf_counter()
    sent = request.headers.get("x-request-id", "")
    g.request_id = sent if _REQUEST_ID.match(sent) else f"req_{uuid7().hex}"
    logging.request_id.set(g.request_id)
    trace = _TRACEPARENT.match(request.headers.get("traceparent", ""))
    logging.trace_id.set(trace.group(1) if trace else None)
    _refuse_nul()


def _refuse_nul() -> None:
    """PostgreSQL keeps no NUL in a text: there is nothing of such a name, and no such value. What
    is to be made under such a name its own endpoint refuses."""
    if "\0" in request.path and request.method not in ("PUT", "POST", "PATCH"):
        raise NotFound("No name has a NUL in it.")
    if b"%00" not in request.query_string:
        return
    for name, value in request.args.items(multi=True):
        if "\0" in name + value:
            raise InvalidField("No parameter may have a NUL in it.", param=name.replace("\0", ""))


def _finish(response: Response) -> Response:
    response.headers["x-request-id"] = g.request_id
    elapsed = time.perf_counter() - g.started
    rule = request.url_rule
    route = rule.rule if rule else "unmatched"
    service = current_app.name
    http_requests.labels(service, request.method, route, response.status_code).inc()
    http_request_seconds.labels(service, route).observe(elapsed)
    if route not in _QUIET:
        log.info(
            "request",
            method=request.method,
            route=route,
            status=response.status_code,
            duration_ms=round(elapsed * 1000, 3),
        )
    return response
