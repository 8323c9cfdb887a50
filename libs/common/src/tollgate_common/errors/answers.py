"""Where errors become answers: in the caller's dialect on `/v1`, as a problem everywhere else."""

from collections.abc import Callable

from flask import Flask, Response, g, request

from tollgate_common.errors import dialects, problem
from tollgate_common.errors.base import TollgateError, from_exception
from tollgate_common.logging import get_logger

_OBSERVERS = "error_observers"

log = get_logger(__name__)


def answer(error: TollgateError) -> Response:
    """The response for an error of the current request."""
    request_id = str(g.get("request_id", ""))
    headers = dict(error.headers)
    if request.path.startswith("/v1/"):
        dialect = dialects.dialect_of(request.path, request.headers.get("anthropic-version"))
        body, content_type = dialects.render(error, dialect, request_id), "application/json"
        if dialect == "anthropic":
            headers["request-id"] = request_id
    else:
        body, content_type = problem.render(error, request_id), problem.CONTENT_TYPE
    return Response(body, status=error.http_status, headers=headers, content_type=content_type)


def register(app: Flask) -> None:
    """Answer every error of the app; an unexpected one is logged, never shown."""

    def handle(error: Exception) -> Response:
        known = from_exception(error)
        if known is not error and known.http_status == 500:
            log.error("unhandled_error", exc_info=error)
        for observer in app.extensions.get(_OBSERVERS, ()):
            observer(known)
        return answer(known)

    app.register_error_handler(Exception, handle)


def observe(app: Flask, observer: Callable[[TollgateError], None]) -> None:
    """Call the observer with each error that the app answers, before it does."""
    app.extensions.setdefault(_OBSERVERS, []).append(observer)
