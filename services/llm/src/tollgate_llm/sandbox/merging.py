"""Several JSON schemas as one: what satisfies the one satisfies them all, as far as it can be said.

Bounds tighten, types and enums intersect, required names add up, properties merge one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

Json = dict[str, Any]
Schema = Json | bool


def merged(schemas: Sequence[Schema]) -> Schema:
    return reduce(_both, schemas)


def _both(one: Schema, two: Schema) -> Schema:
    if one is False or two is False:
        return False
    if one is True or two is True:
        return two if one is True else one
    assert isinstance(one, dict)
    assert isinstance(two, dict)
    result = dict(one)
    for keyword, value in two.items():
        combine = _COMBINE.get(keyword)
        if keyword not in result:
            result[keyword] = value
        elif combine:
            result[keyword] = combine(result[keyword], value)
        elif keyword in ("anyOf", "oneOf", "$ref", "not") and result[keyword] != value:
            result["allOf"] = [*result.get("allOf", []), {keyword: value}]
        else:
            result[keyword] = value
    return result


def _types(one: Any, two: Any) -> list[str]:
    first, second = ([kind] if isinstance(kind, str) else list(kind) for kind in (one, two))
    kinds = [kind for kind in first if kind in second]
    if not kinds and {"integer", "number"} <= {*first, *second}:
        return ["integer"]
    return kinds or second


def _properties(one: Json, two: Json) -> Json:
    shared = {name: _both(one[name], two[name]) for name in one.keys() & two.keys()}
    return {**one, **two, **shared}


_COMBINE: dict[str, Callable[[Any, Any], Any]] = {
    "type": _types,
    "properties": _properties,
    "required": lambda one, two: list(dict.fromkeys([*one, *two])),
    "enum": lambda one, two: [value for value in one if value in two] or two,
    "allOf": lambda one, two: [*one, *two],
    "items": _both,
    "additionalProperties": _both,
    "$defs": lambda one, two: {**one, **two},
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"), max),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"), min),
}
