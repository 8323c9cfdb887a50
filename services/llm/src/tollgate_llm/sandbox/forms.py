"""Forms, as the SDKs send what JSON cannot hold. Read by another parser than the gateway's, so that
what the one passes on and the other cannot read shows in tests."""

from __future__ import annotations

from typing import Any, NamedTuple

from flask import request
from werkzeug.datastructures import FileStorage

from tollgate_llm.sandbox.asks import Json
from tollgate_llm.sandbox.complaints import missing
from tollgate_llm.sandbox.dialects import Dialect
from tollgate_llm.sandbox.errors import ApiError, InvalidRequest
from tollgate_llm.sandbox.validation import ParamsType

FORM = "multipart/form-data"
_WORDS = {"true": True, "false": False}


class Wanted(NamedTuple):
    """The field of the files, and how many of them there may be."""

    name: str
    most: int


def checked_form(
    dialect: Dialect, params: ParamsType, numbers: tuple[str, ...], flags: tuple[str, ...]
) -> tuple[Json, FileStorage]:
    """The fields as JSON would hold them, and the one `file`."""
    body, [file] = checked_files(dialect, params, numbers, flags, Wanted("file", 1))
    return body, file


def checked_files(
    dialect: Dialect,
    params: ParamsType,
    numbers: tuple[str, ...],
    flags: tuple[str, ...],
    wanted: Wanted,
) -> tuple[Json, list[FileStorage]]:
    """The same where there may be several, as `name[]`."""
    dialect.authenticate(request)
    if request.mimetype != FORM:
        message = f"Unsupported content type: '{request.mimetype}'. Expected '{FORM}'."
        raise ApiError(415, message, code="unsupported_content_type")
    body: Json = {}
    for name, values in request.form.lists():
        _put(body, name, values, numbers, flags)
    params.check(body)
    files = [*request.files.getlist(wanted.name), *request.files.getlist(f"{wanted.name}[]")]
    if not files:
        raise missing(wanted.name)
    if len(files) > wanted.most:
        raise InvalidRequest(f"Expected at most {wanted.most}.", param=(wanted.name,))
    return body, files


def _put(
    body: Json, name: str, values: list[str], numbers: tuple[str, ...], flags: tuple[str, ...]
) -> None:
    """`name[]` is a list, `name[key]` a member of an object."""
    outer, bracket, inner = name.partition("[")
    if bracket and inner == "]":
        body[outer] = list(values)
    elif bracket:
        body.setdefault(outer, {})[inner.removesuffix("]")] = _value(values[0])
    elif len(values) > 1:
        raise InvalidRequest("Expected one value.", param=(name,), code="duplicate_parameter")
    elif name in numbers:
        body[name] = _value(values[0])
    else:
        body[name] = _WORDS.get(values[0].lower(), values[0]) if name in flags else values[0]


def _value(text: str) -> Any:
    """A number, if it is one."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
