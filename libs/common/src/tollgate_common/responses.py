"""Answers that pass through."""

from collections.abc import Iterable

from flask import Response
from werkzeug.datastructures import Headers
from werkzeug.http import HTTP_STATUS_CODES


class _KnownHeaders(Headers):
    """Not looked through for what no header may have."""

    def __init__(self, headers: list[tuple[str, str]]) -> None:
        super().__init__()
        self._list = headers


class PassedResponse(Response):
    """What another service has answered: its headers come from a parser, or are our own, and go out
    as they are. An ordinary response examines, copies and completes them, each one several times.
    """

    def __init__(self, body: Iterable[bytes], status: int, headers: list[tuple[str, str]]) -> None:
        self.response = body
        self.headers = _KnownHeaders(headers)
        self._status_code = status
        self._status = f"{status} {HTTP_STATUS_CODES.get(status, 'Unknown')}"
        self._on_close = []
        self.direct_passthrough = True

    def get_wsgi_headers(self, environ: object) -> Headers:
        return self.headers
