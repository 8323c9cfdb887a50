"""What gunicorn itself refuses, or cannot answer: JSON like every other error, not its HTML pages.

A request that cannot be read has no path to go by, mostly. Then the answer is one that readers of
all shapes understand: OpenAI's members and Anthropic's are side by side in it.
"""

from http import HTTPStatus
from typing import Any

import msgspec
from gunicorn import util
from gunicorn.http import errors as unread

from tollgate_common.errors import BadRequest, TollgateError, dialects, problem
from tollgate_common.gunicorn_log import unquoted
from tollgate_common.request_ids import CLIENT_HEADER, ids_at_the_edge, new_request_id

_STATUSES: dict[type[Exception], HTTPStatus] = {
    unread.ForbiddenProxyRequest: HTTPStatus.FORBIDDEN,
    unread.LimitRequestLine: HTTPStatus.REQUEST_URI_TOO_LONG,
    unread.ExpectationFailed: HTTPStatus.EXPECTATION_FAILED,
    unread.LimitRequestHeaders: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
}
_OURS = (
    unread.ConfigurationProblem,
    unread.InvalidResponseHeader,
    unread.InvalidResponseHeaderName,
)


def take_over(worker: Any) -> None:
    """From now on the worker answers errors so."""

    def handle_error(request: Any, client: Any, address: Any, error: BaseException) -> None:
        known, request_id = refusal(error), new_request_id()
        request = request or getattr(error, "req", None)
        if known.http_status == HTTPStatus.INTERNAL_SERVER_ERROR:
            worker.log.exception(
                "Error handling request %s %s as %s",
                *(getattr(request, name, None) for name in ("method", "uri")), request_id,
            )  # fmt: skip
        else:
            source = address[0] if address else ""
            complaint = f"Invalid request from ip={source} as {request_id}: {error}"
            worker.log.warning(complaint)
        try:
            util.write_nonblock(client, answer(known, request, request_id))
        except OSError:
            worker.log.debug("Nobody read the error.")

    worker.handle_error = handle_error


def refusal(error: BaseException) -> TollgateError:
    """What to say of it: nothing that the caller sent."""
    if not isinstance(error, unread.ParseException) or isinstance(error, _OURS):
        return TollgateError()
    status = _STATUSES.get(type(error), HTTPStatus.BAD_REQUEST)
    code = None if status == HTTPStatus.BAD_REQUEST else status.phrase.lower().replace(" ", "_")
    told = unquoted(str(error)) or status.phrase
    known = BadRequest(f"{told[:1].upper()}{told[1:]}.", code=code)
    known.http_status = status
    return known


def answer(error: TollgateError, request: Any, request_id: str) -> bytes:
    """The whole response; `request` is gunicorn's own, as far as it was read, or none."""
    body, kind = _body(error, request, request_id)
    status = HTTPStatus(error.http_status)
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nconnection: close\r\ncontent-type: {kind}\r\n"
        f"content-length: {len(body)}\r\nx-request-id: {request_id}\r\n"
        f"{_client_id_line(request)}\r\n"
    )
    return head.encode("latin-1") + body


def _client_id_line(request: Any) -> str:
    """Return the header that tells the caller its own id, as far as headers were read."""
    headers = getattr(request, "headers", None) or ()
    environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers}
    client = ids_at_the_edge(environ).client
    return f"{CLIENT_HEADER}: {client}\r\n" if client else ""


def _body(error: TollgateError, request: Any, request_id: str) -> tuple[bytes, str]:
    path = str(getattr(request, "path", None) or "")
    if path and not path.startswith("/v1/"):
        return problem.render(error, request_id), problem.CONTENT_TYPE
    if path:
        headers = {name.lower(): value for name, value in getattr(request, "headers", None) or ()}
        dialect = dialects.dialect_of(path, headers.get("anthropic-version"))
        return dialects.render(error, dialect, request_id), "application/json"
    openai, anthropic = (
        dialects.as_dict(error, dialect, request_id) for dialect in ("openai", "anthropic")
    )
    both = anthropic | {"error": openai["error"] | anthropic["error"]}
    return msgspec.json.encode(both), "application/json"
