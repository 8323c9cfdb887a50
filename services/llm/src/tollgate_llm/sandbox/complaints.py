"""Picks from pydantic's errors the one that tells the caller most, and names the field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic_core import ErrorDetails, ValidationError

from tollgate_llm.sandbox.errors import InvalidRequest

Path = tuple[str | int, ...]

_LABELS = frozenset({"type", "role"})
_EXPECTED = {
    "string_type": "a string",
    "int_type": "an integer",
    "float_type": "a number",
    "bool_type": "a boolean",
    "list_type": "an array",
    "dict_type": "an object",
}


def complaint(error: ValidationError, body: Any) -> InvalidRequest:
    """The error deepest in the body, of the kind of object that the body's labels name."""
    errors = error.errors(include_url=False, include_context=True)
    told = [
        (_path(each["loc"], body, names_missing=each["type"] == "missing"), each)
        for each in _of_right_kind(errors)
    ]
    path, worst = max(told, key=lambda each: (len(each[0]), "literal" in each[1]["type"]))
    same_place = [each for where, each in told if where == path]
    return _worded(path, worst, same_place)


def missing(*path: str | int) -> InvalidRequest:
    return InvalidRequest("Field required", param=path, code="missing_required_parameter")


def _of_right_kind(errors: Sequence[ErrorDetails]) -> Sequence[ErrorDetails]:
    """Without the errors of union members whose label is not the body's."""
    others = [
        each["loc"][:-1]
        for each in errors
        if each["loc"]
        and each["loc"][-1] in _LABELS
        and each["type"] in ("literal_error", "missing")
    ]
    right = [each for each in errors if not any(each["loc"][: len(o)] == o for o in others)]
    return right or errors


def _path(location: Path, body: Any, *, names_missing: bool) -> Path:
    """The location without the names that pydantic gives to the members of unions."""
    path: list[str | int] = []
    node, may_be_label = body, True
    for at, part in enumerate(location):
        is_last = at == len(location) - 1
        if isinstance(node, dict) and isinstance(part, str):
            label = may_be_label and not is_last and part in (node.get("type"), node.get("role"))
            may_be_label = False
            if not label and (part in node or (is_last and names_missing)):
                path.append(part)
                node, may_be_label = node.get(part), True
        elif isinstance(node, list) and isinstance(part, int):
            path.append(part)
            node, may_be_label = node[part], True
    return tuple(path)


def _worded(path: Path, error: ErrorDetails, same_place: Sequence[ErrorDetails]) -> InvalidRequest:
    kind, given = error["type"], error.get("input")
    if kind == "missing":
        return missing(*path)
    context = error.get("ctx", {})
    label = str(context.get("discriminator")).strip("'")
    if kind == "union_tag_not_found":
        return missing(*path, label)
    if kind == "union_tag_invalid":
        message = f"'{context.get('tag')}' is not one of {context.get('expected_tags')}."
        return InvalidRequest(message, param=(*path, label), code="invalid_value")
    if kind == "literal_error":
        message = f"{_shown(given)} is not {context.get('expected')}."
        return InvalidRequest(message, param=path, code="invalid_value")
    names = list(dict.fromkeys(_EXPECTED[e["type"]] for e in same_place if e["type"] in _EXPECTED))
    if not names:
        return InvalidRequest(error["msg"], param=path, code="invalid_value")
    message = f"Expected {' or '.join(names)}, but got {_kind(given)} instead."
    return InvalidRequest(message, param=path, code="invalid_type")


def _shown(value: Any) -> str:
    """The value if it is short enough to say."""
    text = repr(value)
    return text if len(text) <= 80 else _kind(value)


def _kind(value: Any) -> str:
    names = {str: "a string", int: "an integer", float: "a number", bool: "a boolean"}
    names |= {list: "an array", dict: "an object", type(None): "null"}
    return names.get(type(value), "something else")
