"""JSON schemas that the provider can be held to.

Where Anthropic lets properties be optional, OpenAI holds a model only to schemas that require them
all. Requiring them makes a schema narrower: whatever satisfies it satisfies the caller's.
"""

from collections.abc import Callable, Mapping
from typing import Any

from tollgate_llm.dialects.translation import Json


def complete(schema: Any) -> Any:
    """The schema, requiring every property."""
    if not isinstance(schema, dict):
        return schema
    whole = {name: _INSIDE.get(name, _same)(value) for name, value in schema.items()}
    if isinstance(schema.get("properties"), dict):
        required = [*(schema.get("required") or ()), *schema["properties"]]
        whole["required"] = list(dict.fromkeys(required))
    return whole


def _same(value: Any) -> Any:
    return value


def _named(schemas: Any) -> Any:
    if not isinstance(schemas, dict):
        return schemas
    made: Json = {name: complete(schema) for name, schema in schemas.items()}
    return made


def _listed(schemas: Any) -> Any:
    return [complete(schema) for schema in schemas] if isinstance(schemas, list) else schemas


_INSIDE: Mapping[str, Callable[[Any], Any]] = {
    "$defs": _named,
    "allOf": _listed,
    "anyOf": _listed,
    "definitions": _named,
    "items": complete,
    "oneOf": _listed,
    "properties": _named,
}
