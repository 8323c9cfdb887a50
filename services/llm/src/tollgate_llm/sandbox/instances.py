"""An instance of a JSON schema: the same one every time, and the smallest that says something.

Objects get their required properties, arrays one item more than none where they may. Understood:
type, enum, const, allOf, anyOf, oneOf, $ref into the schema itself, format, pattern, and the
bounds on strings, numbers, arrays and objects. Not searched for: `not`, `if`, `contains` and
dependencies, unless they stand beside branches, whose instances are checked against everything.

Values are those that a message mentions, where it does (`mentions`); a property that may be left
out is there only when the message names it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from tollgate_llm.sandbox.mentions import Mentions
from tollgate_llm.sandbox.merging import merged
from tollgate_llm.sandbox.numbers import integer, number
from tollgate_llm.sandbox.strings import string

Json = dict[str, Any]
Schema = Json | bool


class Unsatisfiable(Exception):
    """No finite instance this way: try another branch."""


def instance(schema: Schema, mentions: Mentions | None = None) -> Any:
    """An instance of the schema, or, of one that has none that we can find, or is no schema at all,
    an empty object."""
    try:
        Draft202012Validator.check_schema(schema)
        return _Maker(schema, mentions or Mentions("")).make(schema)
    except (SchemaError, Unsatisfiable):
        return {}


@dataclass(frozen=True, slots=True)
class _Maker:
    root: Schema
    mentions: Mentions
    open_refs: frozenset[str] = field(default_factory=frozenset)

    def make(self, schema: Schema, nth: int = 0, name: str = "") -> Any:
        """The nth instance: different ones for different n, where the schema has different ones.
        `name` is that of the property that it is for."""
        if isinstance(schema, bool):
            if not schema:
                raise Unsatisfiable
            return f"text{nth or ''}"
        if "$ref" in schema:
            return self._follow(schema, nth, name)
        for keyword in ("anyOf", "oneOf"):  # before allOf, whose parts may bring more of them
            if keyword in schema:
                return self._branch(schema, keyword, nth, name)
        if "allOf" in schema:
            rest = {key: value for key, value in schema.items() if key != "allOf"}
            return self.make(merged([rest, *schema["allOf"]]), nth, name)
        return self._plain(schema, nth, name)

    def _follow(self, schema: Json, nth: int, name: str) -> Any:
        """What the reference names, and what stands beside it; never into itself."""
        reference = schema["$ref"]
        if reference in self.open_refs:
            raise Unsatisfiable
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        target = merged([self._lookup(reference), beside])
        return replace(self, open_refs=self.open_refs | {reference}).make(target, nth, name)

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

    def _branch(self, schema: Json, keyword: str, nth: int, name: str) -> Any:
        """The first branch with an instance that the whole schema accepts."""
        rest = {key: value for key, value in schema.items() if key != keyword}
        validator = Draft202012Validator(self.root).evolve(schema=schema)
        fallback: list[Any] = []
        for branch in schema[keyword]:
            try:
                made = self.make(merged([rest, branch]), nth, name)
            except Unsatisfiable:
                continue
            if validator.is_valid(made):
                return made
            fallback.append(made)
        if not fallback:
            raise Unsatisfiable
        return fallback[0]

    def _plain(self, schema: Json, nth: int, name: str) -> Any:
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._listed(schema, nth, name)
        kind = _kind(schema)
        if kind == "object":
            return self._object(schema)
        if kind == "array":
            return self._mentioned_items(schema) or self._array(schema)
        drawn = self.mentions.take(name, kind, schema.get("format"), _accepts(schema))
        return _SCALARS[kind](schema, nth) if drawn is None else drawn

    def _listed(self, schema: Json, nth: int, name: str) -> Any:
        """A listed value that the other keywords accept too, the one that is mentioned first."""
        rest = {key: value for key, value in schema.items() if key != "enum"}
        fit = [value for value in schema["enum"] if _accepts(rest)(value)]
        if not fit:
            raise Unsatisfiable
        mentioned = self.mentions.take_listed(name, fit)
        return fit[nth % len(fit)] if mentioned is None else mentioned

    def _object(self, schema: Json) -> Json:
        known: Json = schema.get("properties") or {}
        other: Schema = schema.get("additionalProperties", True)
        wanted = [*(schema.get("required") or ()), *filter(self.mentions.names, known)]
        made = {
            name: self.make(known.get(name, other), name=name) for name in dict.fromkeys(wanted)
        }
        for name in _more_names(known, other, schema.get("minProperties", 0)):
            if len(made) >= schema.get("minProperties", 0):
                break
            if name not in made:
                made[name] = self.make(known.get(name, other), name=name)
        return made

    def _mentioned_items(self, schema: Json) -> list[Any]:
        """All that is mentioned of the items' kind, if that makes an array of the schema."""
        items = schema.get("items")
        if not isinstance(items, dict) or _COMPOSED & items.keys() or schema.get("prefixItems"):
            return []
        drawn = self.mentions.take_all(_kind(items), items.get("format"), _accepts(items))
        return drawn if _accepts(schema)(drawn) else []

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


def _accepts(schema: Json) -> Callable[[Any], bool]:
    return Draft202012Validator(schema).is_valid


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
_COMPOSED = {"$ref", "allOf", "anyOf", "oneOf", "const", "enum"}
_SPOKEN_BY = {
    "object": {"properties", "required", "additionalProperties", "minProperties"},
    "array": {"items", "prefixItems", "minItems", "maxItems", "uniqueItems"},
    "string": {"format", "pattern", "minLength", "maxLength"},
    "number": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
}
