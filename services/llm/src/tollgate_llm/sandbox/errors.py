"""Why a request is refused, before a dialect has given it a shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ApiError(Exception):
    """An answer other than 200.

    `param` is the path of the offending field, as keys and indexes; `code` is OpenAI's, which
    Anthropic's shape does not show; `details` are Anthropic's, for programs; `headers` go out with
    the answer.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: tuple[str | int, ...] = (),
        code: str | None = None,
        details: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.param = param
        self.code = code
        self.details = details
        self.headers = dict(headers or {})


class InvalidRequest(ApiError):
    """400: the body is not one that the real API takes."""

    def __init__(
        self,
        message: str,
        *,
        param: tuple[str | int, ...] = (),
        code: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(400, message, param=param, code=code, details=details)
