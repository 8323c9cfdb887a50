"""An instance of a JSON schema: the same one every time, and the smallest that says something.

Objects get their required properties, arrays one item more than none where they may. Understood:
type, enum, const, allOf, anyOf, oneOf, $ref into the schema itself, format, pattern, and the
bounds on strings, numbers, arrays and objects. Not searched for: `not`, `if`, `contains` and
dependencies, unless they stand beside branches, whose instances are checked against everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from tollgate_llm.sandbox.merging import merged
from tollgate_llm.sandbox.numbers import integer, number
from tollgate_llm.sandbox.strings import string

Json = dict[str, Any]
Schema = Json | bool


class Unsatisfiable(Exception):
    """No finite instance this way: try another branch."""


def instance(schema: Schema) -> Any:
    """An instance of the schema, or, of one that has none that we can find, or is no schema at all,
    an empty object."""
    try:
        Draft202012Validator.check_schema(schema)
        return _Maker(schema).make(schema)
    except (SchemaError, Unsatisfiable):
        return {}


@dataclass(frozen=True, slots=True)
class _Maker:
    root: Schema
    open_refs: frozenset[str] = field(default_factory=frozenset)

    def make(self, schema: Schema, nth: int = 0) -> Any:
        """The nth instance: different ones for different n, where the schema has different ones."""
        if isinstance(schema, bool):
            if not schema:
                raise Unsatisfiable
            return f"text{nth or ''}"
        if "$ref" in schema:
            return self._follow(schema, nth)
        for keyword in ("anyOf", "oneOf"):  # before allOf, whose parts may bring more of them
            if keyword in schema:
                return self._branch(schema, keyword, nth)
        if "allOf" in schema:
            rest = {key: value for key, value in schema.items() if key != "allOf"}
            return self.make(merged([rest, *schema["allOf"]]), nth)
        return self._plain(schema, nth)

    def _follow(self, schema: Json, nth: int) -> Any:
        """What the reference names, and what stands beside it; never into itself."""
        reference = schema["$ref"]
        if reference in self.open_refs:
            raise Unsatisfiable
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        target = merged([self._lookup(reference), beside])
        return _Maker(self.root, self.open_refs | {reference}).make(target, nth)

    def _lookup(self, reference: Any) -> Schema:
        """Follow a JSON pointer from the root; other documents are not fetched."""
        if not isinstance(reference, str) or not reference.startswith("#"):
            raise Unsatisfiable
        node: Any = self.root
        for step in filter(None, reference[1:].split("/")):
            key = step.replace("~1", "/").replace("~0", "~")
            if isinstance(node, dict) and key in node:
                node = node[key]
            elif isinstance(node, list) and key.isdigit() and int(key) < len(node):
                node = node[int(key)]
            else:
                raise Unsatisfiable
        if not isinstance(node, dict | bool):
            raise Unsatisfiable
        return node

    def _branch(self, schema: Json, keyword: str, nth: int) -> Any:
        """The first branch with an instance that the whole schema accepts."""
        rest = {key: value for key, value in schema.items() if key != keyword}
        validator = Draft202012Validator(self.root).evolve(schema=schema)
        fallback: list[Any] = []
        for branch in schema[keyword]:
            try:
                made = self.make(merged([rest, branch]), nth)
            except Unsatisfiable:
                continue
            if validator.is_valid(made):
                return made
            fallback.append(made)
        if not fallback:
            raise Unsatisfiable
        return fallback[0]

    def _plain(self, schema: Json, nth: int) -> Any:
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._listed(schema, nth)
        kind = _kind(schema)
        if kind == "object":
            return self._object(schema)
        if kind == "array":
            return self._array(schema)
        return _SCALARS[kind](schema, nth)

    def _listed(self, schema: Json, nth: int) -> Any:
        """A listed value that the other keywords accept too."""
        rest = {key: value for key, value in schema.items() if key != "enum"}
        validator = Draft202012Validator(rest)
        fit = [value for value in schema["enum"] if validator.is_valid(value)]
        if not fit:
            raise Unsatisfiable
        return fit[nth % len(fit)]

    def _object(self, schema: Json) -> Json:
        known: Json = schema.get("properties") or {}
        other: Schema = schema.get("additionalProperties", True)
        made = {name: self.make(known.get(name, other)) for name in schema.get("required") or ()}
        for name in _more_names(known, other, schema.get("minProperties", 0)):
            if len(made) >= schema.get("minProperties", 0):
                break
            if name not in made:
                made[name] = self.make(known.get(name, other))
        return made

    def _array(self, schema: Json) -> list[Any]:
        first: list[Schema] = schema.get("prefixItems") or []
        rest: Schema = schema.get("items", True)
        least = schema.get("minItems", 0)
        most = schema.get("maxItems", max(least, len(first), 1))
        count = min(max(least, len(first), 0 if rest is False else 1), most)
        made = []
        for at in range(count):
            try:
                made.append(self.make(first[at] if at < len(first) else rest, at))
            except Unsatisfiable:
                if at < least:
                    raise
                break
        return made


def _more_names(known: Json, other: Schema, least: int) -> Iterator[str]:
    """Names of properties that may be added to reach the least number."""
    yield from known
    if other is not False:
        yield from (f"property{number}" for number in range(1, least + len(known) + 1))


def _kind(schema: Json) -> str:
    """The type to make: the first that is not null, else what the keywords speak of."""
    declared = schema.get("type")
    if isinstance(declared, str):
        return declared if declared in _KINDS else "string"
    if isinstance(declared, list) and declared:
        return next((kind for kind in declared if kind != "null" and kind in _KINDS), "null")
    spoken = (kind for kind, words in _SPOKEN_BY.items() if words & schema.keys())
    return next(spoken, "string")


_SCALARS: dict[str, Callable[[Json, int], Any]] = {
    "string": string,
    "integer": integer,
    "number": number,
    "boolean": lambda _, nth: nth % 2 == 0,
    "null": lambda *_: None,
}
_KINDS = {"object", "array", *_SCALARS}
_SPOKEN_BY = {
    "object": {"properties", "required", "additionalProperties", "minProperties"},
    "array": {"items", "prefixItems", "minItems", "maxItems", "uniqueItems"},
    "string": {"format", "pattern", "minLength", "maxLength"},
    "number": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
}
