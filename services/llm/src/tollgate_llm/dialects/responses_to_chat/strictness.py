"""What a tool that says nothing of `strict` is held to.

Responses make such a tool's schema strict where they can (every property required, none added),
chat completions leave it as it is. So it is made strict here, unless it says what not every
provider can be held to: then it stays as the caller wrote it, and is not enforced.
"""

from typing import Any

from tollgate_llm.dialects.schemas import complete
from tollgate_llm.dialects.translation import Json

MOST_STRICT = 20
"""Tools in one request; Anthropic takes no more of them."""

_ANNOTATIONS = frozenset({"default", "description", "title"})
_TAKEN = _ANNOTATIONS | {"$ref", "additionalProperties", "anyOf", "const", "enum", "items",
                         "properties", "required", "type"}  # fmt: skip
_DEFINITIONS = ("$defs", "definitions")


def strict_of(schema: Any) -> Json | None:
    """The schema made strict; None where it cannot be."""
    if not isinstance(schema, dict) or schema.get("type") != "object":
        return None
    definitions = [each for name in _DEFINITIONS for each in _values(schema.get(name))]
    root = {name: value for name, value in schema.items() if name not in _DEFINITIONS}
    if not _fits(root) or not all(_fits(each) and not _refers(each) for each in definitions):
        return None
    closed: Json = _closed(complete(schema))
    return closed


def _fits(schema: Any) -> bool:
    if not isinstance(schema, dict) or not schema.keys() <= _TAKEN:
        return False
    if _is_object(schema) and (
        not isinstance(schema.get("properties"), dict) or schema.get("additionalProperties")
    ):
        return False  # it takes whatever is given
    return all(map(_fits, _inner(schema)))


def _refers(schema: Any) -> bool:
    """A definition that refers to another may refer to itself."""
    return "$ref" in schema or any(map(_refers, _inner(schema)))


def _closed(schema: Any) -> Any:
    if not isinstance(schema, dict):
        return schema
    made = dict(schema)
    for name in ("properties", *_DEFINITIONS):
        if isinstance(made.get(name), dict):
            made[name] = {key: _closed(value) for key, value in made[name].items()}
    if "items" in made:
        made["items"] = _closed(made["items"])
    if isinstance(made.get("anyOf"), list):
        made["anyOf"] = [_closed(each) for each in made["anyOf"]]
    return {**made, "additionalProperties": False} if _is_object(made) else made


def _is_object(schema: Json) -> bool:
    kind = schema.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    return "object" in kinds or "properties" in schema


def _inner(schema: Json) -> list[Any]:
    items = [schema["items"]] if "items" in schema else []
    several = schema.get("anyOf")
    several = several if isinstance(several, list) else []
    return [*_values(schema.get("properties")), *items, *several]


def _values(given: Any) -> list[Any]:
    return list(given.values()) if isinstance(given, dict) else []
