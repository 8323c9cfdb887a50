"""The tree of errors.

TollgateError 500
├── BadRequest 400 ── InvalidField 422 (names the field)
├── Unauthorized 401
├── Forbidden 403 ── LiveOnly (test mode asks for what is live)
├── NotFound 404
├── MethodNotAllowed 405
├── Conflict 409
├── PayloadTooLarge 413
├── TooMany 429 (says when to come back)
└── DependencyDown 503 (names what is down, says when to come back)
"""

from collections.abc import Mapping
from typing import ClassVar

from gunicorn.http.errors import NoMoreData, ParseException
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException


class TollgateError(Exception):
    """`detail` is for people and holds no secret; `code` is for programs; `param` names a field;
    `details` are what Anthropic's SDKs look for in errors that have a class of their own."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    details: ClassVar[Mapping[str, str] | None] = None

    def __init__(
        self,
        detail: str = "Something went wrong on our side.",
        *,
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.param = param
        self.error_code = code or self.code
        self.headers = dict(headers or {})
        self.http_status = self.status


class BadRequest(TollgateError):
    status = 400
    code = "invalid_request"


class InvalidField(BadRequest):
    """A field that parses and yet cannot be: 422 on the management API."""

    status = 422
    code = "invalid_field"


class Unauthorized(TollgateError):
    status = 401
    code = "invalid_credentials"

    def __init__(self, detail: str = "The credentials are missing or not valid.", **more: str):
        super().__init__(detail, headers={"www-authenticate": "Bearer"}, **more)


class Forbidden(TollgateError):
    """`audited_as` is the action by which the audit log has it."""

    status = 403
    code = "permission_denied"
    audited_as: ClassVar[str] = "permission.refused"


class LiveOnly(Forbidden):
    """A caller in test mode asks for what only live ones do or see."""

    code = "live_only"

    def __init__(self, *, param: str | None = None) -> None:
        super().__init__(
            "Test mode neither changes what live calls go by, nor sees what is live, nor makes"
            " people or links: call with a live key or service account, or log in.",
            param=param,
        )


class NotFound(TollgateError):
    status = 404
    code = "not_found"


class MethodNotAllowed(TollgateError):
    status = 405
    code = "method_not_allowed"


class Conflict(TollgateError):
    status = 409
    code = "conflict"


class PayloadTooLarge(TollgateError):
    status = 413
    code = "request_too_large"


class TooMany(TollgateError):
    """`retry_after`: whole seconds."""

    status = 429
    code = "too_many_attempts"

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail, headers={"retry-after": str(retry_after)})


class DependencyDown(TollgateError):
    """Something this service needs does not answer; the caller should come back."""

    status = 503
    code = "unavailable"

    def __init__(self, what: str, retry_after: int = 1) -> None:
        super().__init__(
            f"{what} does not answer at the moment; please try again.",
            headers={"retry-after": str(retry_after)},
        )
        self.what = what


_BY_STATUS: dict[int, type[TollgateError]] = {
    kind.status: kind
    for kind in (BadRequest, Unauthorized, Forbidden, NotFound, MethodNotAllowed, Conflict,
                 PayloadTooLarge)
}  # fmt: skip


def from_exception(error: Exception) -> TollgateError:
    """Ours as it is; pydantic's, werkzeug's and those of a body's chunks translated; anything else
    an internal error."""
    if isinstance(error, TollgateError):
        return error
    if isinstance(error, ValidationError):
        return _from_validation(error)
    if isinstance(error, HTTPException) and error.code:
        return _from_http(error, error.code)
    if isinstance(error, ParseException | NoMoreData):
        return BadRequest("The body is not sent as its headers say.", param="body")
    return TollgateError()


def _from_validation(error: ValidationError) -> InvalidField:
    first = error.errors(include_url=False, include_input=False)[0]
    param = ".".join(str(part) for part in first["loc"]) or "body"
    return InvalidField(f"{param}: {first['msg']}.", param=param)


def _from_http(error: HTTPException, status: int) -> TollgateError:
    kind = _BY_STATUS.get(status) or (BadRequest if 400 <= status < 500 else TollgateError)
    translated = kind(error.description or error.name)
    translated.http_status = status
    if status == 405 and (allowed := getattr(error, "valid_methods", None)):
        translated.headers["allow"] = ", ".join(allowed)
    return translated
