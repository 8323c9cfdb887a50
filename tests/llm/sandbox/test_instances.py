from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tollgate_llm.sandbox.instances import instance
from tollgate_llm.sandbox.patterns import matching

Schema = dict[str, Any]
small = st.integers(0, 4)


@st.composite
def bounded(draw: st.DrawFn, low: str, high: str, schema: Schema) -> Schema:
    """The schema with no, one or both of two bounds, the lower one first."""
    least, room = draw(st.none() | small), draw(st.none() | small)
    bounds: Schema = {} if least is None else {low: least}
    return {**schema, **bounds, **({} if room is None else {high: (least or 0) + room})}


@st.composite
def numbers(draw: st.DrawFn) -> Schema:
    schema: Schema = {"type": draw(st.sampled_from(["integer", "number"]))}
    low = draw(st.none() | st.integers(-50, 50))
    if low is not None:
        schema[draw(st.sampled_from(["minimum", "exclusiveMinimum"]))] = low
    if draw(st.booleans()):
        schema[draw(st.sampled_from(["maximum", "exclusiveMaximum"]))] = (low or 0) + 20
    if draw(st.booleans()):
        # Steps that floats hold exactly: jsonschema finds that -1.9 is no multiple of 0.1.
        schema["multipleOf"] = draw(st.sampled_from([1, 2, 5, 0.5, 0.25]))
    return schema


leaves = st.one_of(
    bounded("minLength", "maxLength", {"type": "string"}),
    st.sampled_from(["date-time", "email", "uuid", "ipv4", "uri"]).map(
        lambda form: {"type": "string", "format": form}
    ),
    numbers(),
    st.just({"type": "boolean"}),
    st.just({"type": "null"}),
    st.just({}),
    st.lists(st.integers() | st.text(max_size=5), min_size=1, max_size=3).map(
        lambda v: {"enum": v}
    ),
    st.text(max_size=5).map(lambda value: {"const": value}),
    st.just({"$ref": "#/$defs/shared"}),
    st.sampled_from([["null", "string"], ["integer", "null"]]).map(lambda kinds: {"type": kinds}),
)


def composed(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    names = st.sampled_from(["a", "b", "c", "d"])
    objects = st.dictionaries(names, inner, max_size=4).flatmap(
        lambda known: st.lists(st.sampled_from(sorted(known) or ["a"]), unique=True).map(
            lambda required: {"type": "object", "properties": known, "required": required}
        )
    )
    closed = objects.map(
        lambda schema: {
            **schema,
            "additionalProperties": False,
            "required": [name for name in schema["required"] if name in schema["properties"]],
        }
    )
    arrays = inner.flatmap(
        lambda items: bounded("minItems", "maxItems", {"type": "array", "items": items})
    )
    branches = st.lists(inner, min_size=1, max_size=3).map(lambda schemas: {"anyOf": schemas})
    both = st.tuples(objects, objects).map(lambda pair: {"allOf": _apart(pair)})
    return st.one_of(objects, closed, arrays, branches, both)


def _apart(pair: tuple[Schema, Schema]) -> list[Schema]:
    """Two object schemas about different properties, so that some instance satisfies both."""
    one, two = pair
    return [
        one,
        {
            "type": "object",
            "properties": {f"{name}2": schema for name, schema in two["properties"].items()},
            "required": [f"{name}2" for name in two["required"]],
        },
    ]


schemas = st.recursive(leaves, composed, max_leaves=8).map(
    lambda schema: {**schema, "$defs": {"shared": {"type": "integer", "minimum": 7}}}
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(schemas)
def test_what_is_made_is_an_instance(schema: Schema) -> None:
    Draft202012Validator.check_schema(schema)
    made = instance(schema)
    Draft202012Validator(schema).validate(made)
    assert made == instance(schema)


@pytest.mark.parametrize(
    "schema",
    [
        {
            "$ref": "#/$defs/Node",
            "$defs": {
                "Node": {
                    "type": "object",
                    "properties": {
                        "value": {"type": "string"},
                        "next": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]},
                        "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}},
                    },
                    "required": ["value", "next", "children"],
                }
            },
        },
        {"oneOf": [{"type": "number"}, {"type": "integer"}, {"type": "string"}]},
        {"type": "array", "items": {"type": "string"}, "minItems": 3, "uniqueItems": True},
        {"type": "array", "items": {"enum": [1, 2, 3]}, "minItems": 3, "uniqueItems": True},
        {"type": "array", "prefixItems": [{"type": "integer"}, {"const": "x"}], "items": False},
        {"type": "object", "minProperties": 2, "additionalProperties": {"type": "integer"}},
        {"allOf": [{"type": "integer", "minimum": 3}, {"maximum": 4, "multipleOf": 2}]},
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.001},
        {"type": "integer", "maximum": -5, "multipleOf": 3},
        {"type": "string", "pattern": r"^[A-Z]{2}-\d{4}$"},
        {"type": "string", "pattern": r"^\w+@\w+\.(com|org)$", "minLength": 20},
        {"type": "string", "pattern": "^a*$", "minLength": 5, "maxLength": 6},
        True,
    ],
)
def test_schemas_that_people_write_are_satisfied(schema: Any) -> None:
    assert list(Draft202012Validator(schema).iter_errors(instance(schema))) == []


@pytest.mark.parametrize(
    "schema",
    [
        False,
        {"$ref": "#/nowhere"},
        {"$ref": "https://example.com/schema"},
        {"$ref": "#"},
        {"$defs": {"a": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"},
        {"enum": []},
    ],
)
def test_a_schema_without_an_instance_gets_an_empty_object(schema: Any) -> None:
    assert instance(schema) == {}


@pytest.mark.parametrize(
    "schema",
    [{"type": "object", "required": [None]}, {"properties": {"a": []}}, {"properties": 7}, "x", 7],
)
def test_what_is_no_schema_gets_an_empty_object(schema: Any) -> None:
    assert instance(schema) == {}


@pytest.mark.parametrize(
    "pattern", [r"^[^a-z]+$", r"(?:ab|c){2}", r"\S\s\w\W\D", r"x?y*z+", r"^.{3,5}$", r"[\d.]+"]
)
@pytest.mark.parametrize("more", [0, 1, 3])
def test_patterns_are_matched(pattern: str, more: int) -> None:
    assert re.search(pattern, matching(pattern, more))
