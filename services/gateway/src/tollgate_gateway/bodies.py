"""The body of a request, from callers who may be slow with it, or mean to be."""

import contextlib
import socket
from typing import Any

import gevent
from flask import Request

from tollgate_common import hangups
from tollgate_common.errors import BadRequest

SECONDS = 20.0
SLOWEST_BYTES = 16_384
"""In a second, beyond the first ones. A body of unsaid length has as long as the largest."""


class TooSlow(BadRequest):
    """The body did not arrive in time; the connection ends with the answer."""

    status = 408
    code = "request_timeout"

    def __init__(self) -> None:
        super().__init__("The request's body did not arrive in time.", param="body")


def body_of(request: Request) -> bytes:
    """The whole body, or `TooSlow`."""
    length = request.content_length
    if length is None:
        length = request.max_content_length or 0
    try:
        with gevent.Timeout(SECONDS + length / SLOWEST_BYTES, TooSlow):
            return request.get_data(cache=False)
    except TooSlow:
        _hear_no_more(request.environ.get(hangups.SOCKET))
        raise


def _hear_no_more(connection: Any) -> None:
    """The server would wait for the rest of the body, to find the next request behind it."""
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RD)
