"""The trouble that a model's name asks for, in any dialect."""

from __future__ import annotations

import errno
import socket
from enum import StrEnum
from typing import Any, NoReturn

from tollgate_llm.sandbox.errors import ApiError

RETRY_AFTER = 1
"""Seconds, with 429 and 503."""


class Trouble(StrEnum):
    NONE = "sandbox"
    SLOW = "sandbox-slow"
    ERROR_429 = "sandbox-error-429"
    ERROR_500 = "sandbox-error-500"
    ERROR_503 = "sandbox-error-503"
    TIMEOUT = "sandbox-timeout"
    CUT = "sandbox-cut"
    OVERAGE = "sandbox-overage"
    NOUSAGE = "sandbox-nousage"

    @classmethod
    def of(cls, model: str) -> Trouble:
        """By the whole name, or by what follows a router's prefix: `openai/sandbox-cut`."""
        return _BY_NAME.get(model.rpartition("/")[2], cls.NONE)


_BY_NAME = {trouble.value: trouble for trouble in Trouble}

ERRORS = {
    Trouble.ERROR_429: (429, "Rate limit reached: this model always answers 429."),
    Trouble.ERROR_500: (500, "The server had an error: this model always answers 500."),
    Trouble.ERROR_503: (503, "The engine is overloaded: this model always answers 503."),
    Trouble.TIMEOUT: (504, "This model never answers."),
}


def error_of(trouble: Trouble) -> ApiError:
    """The refusal that a name of `ERRORS` gets."""
    status, message = ERRORS[trouble]
    code = "rate_limit_exceeded" if status == 429 else None
    headers = {"retry-after": str(RETRY_AFTER)} if status in {429, 503} else None
    return ApiError(status, message, code=code, headers=headers)


def hang_up(environ: dict[str, Any]) -> NoReturn:
    """Close the caller's connection under its answer, as a dying provider does.

    Both servers lend their socket; both take a broken pipe for a peer that left, quietly.
    """
    connection = environ.get("gunicorn.socket") or environ.get("werkzeug.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
    raise BrokenPipeError(errno.EPIPE, "the sandbox hung up, as it was asked to")
