"""What every web service does around its views: request ids, access log, metrics, errors."""

import re
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Flask, Request, Response, current_app, g, request

from tollgate_common import logging
from tollgate_common.errors import InvalidField, NotFound, answers
from tollgate_common.metrics import http_request_seconds, http_requests, labelled
from tollgate_common.request_ids import (
    CLIENT_HEADER,
    HEADER,
    Environ,
    RequestIds,
    ids_at_the_edge,
    ids_inside,
)
from tollgate_common.settings import CommonSettings

MAX_BODY_BYTES = 32 * 1024 * 1024
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}\Z")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_QUIET = frozenset({"/healthz", "/readyz"})

log = logging.get_logger(__name__)


class App(Flask):
    """Flask, for views that are never coroutines and routes that answer for themselves."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        # Flask would look at each function around each request to find that out.
        return func

    def make_default_options_response(self) -> Response:
        """To OPTIONS: the route's own methods. Flask would add those of every other route that
        matches, such as one for all that is unknown."""
        rule = request.url_rule
        return Response(headers={"allow": ", ".join(sorted(rule.methods or ()) if rule else ())})


def make_app(service: str, settings: CommonSettings, *, is_edge: bool = False) -> Flask:
    """A Flask app with logging configured, errors answered and every request accounted for.
    `is_edge`: callers are outside, so the ids that they send are theirs and not ours."""
    logging.configure(settings, service)
    app = App(service, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.url_map.strict_slashes = False
    # It would redirect, to whatever host the request claims to have come for.
    app.url_map.merge_slashes = False
    app.before_request(partial(_begin, ids_at_the_edge if is_edge else ids_inside))
    app.after_request(partial(_finish, is_edge))
    answers.register(app)
    return app


def _begin(ids_of: Callable[[Environ], RequestIds]) -> None:
    # Once each: every look through a proxy costs as much as a function call or two.
    current, state = _current(request), _current(g)
    environ = current.environ
    state.started = time.perf_counter()
    state.request_ids = ids_of(environ)
    state.request_id = state.request_ids.own
    logging.request_id.set(state.request_id)
    trace = _TRACEPARENT.match(environ.get("HTTP_TRACEPARENT", ""))
    logging.trace_id.set(trace.group(1) if trace else None)
    _refuse_nul(current)


def _current(proxy: Any) -> Any:
    return proxy._get_current_object()


def _refuse_nul(current: Request) -> None:
    """PostgreSQL keeps no NUL in a text: there is nothing of such a name, and no such value. What
    is to be made under such a name its own endpoint refuses."""
    if "\0" in current.path and current.method not in ("PUT", "POST", "PATCH"):
        raise NotFound("No name has a NUL in it.")
    if b"%00" not in current.query_string:
        return
    for name, value in current.args.items(multi=True):
        if "\0" in name + value:
            raise InvalidField("No parameter may have a NUL in it.", param=name.replace("\0", ""))


def _finish(is_edge: bool, response: Response) -> Response:
    current, state = _current(request), _current(g)
    own, client = state.request_ids
    response.headers[HEADER] = own
    if is_edge and client is not None:
        response.headers[CLIENT_HEADER] = client
    elapsed = time.perf_counter() - state.started
    rule, status = current.url_rule, response.status_code
    route = rule.rule if rule else "unmatched"
    service = current_app.name
    labelled(http_requests, service, _method(current.method), route, status).inc()
    labelled(http_request_seconds, service, route).observe(elapsed)
    if route not in _QUIET:
        log.note(
            "request",
            method=current.method,
            route=route,
            status=status,
            client_request_id=client,
            duration_ms=round(elapsed * 1000, 3),
        )
    return response


def _method(name: str) -> str:
    """Callers can make up any number of methods, and each label would be kept for ever."""
    return name if name in _METHODS else "other"
