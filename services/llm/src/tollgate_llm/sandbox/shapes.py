"""The shape that a prompt asks a JSON object to have, where no schema is sent beside it.

The latest message that shows one counts: a JSON schema, else a JSON object to be filled in, else
names in quotation marks in a sentence that speaks of keys, fields or properties. Where none does,
the object is any.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

Json = dict[str, Any]

LONGEST_TEXT, MOST_BRACES = 50_000, 100
"""How many characters of a message are looked at, and how many of its braces may open an object."""

_SENTENCE = re.compile(r"[^.!?\n]+")
_SPEAKS_OF_NAMES = re.compile(r"\b(?:keys?|fields?|propert(?:y|ies))\b", re.IGNORECASE)
_QUOTED_NAME = re.compile(r"""(?<![\w])["'`]([A-Za-z_]\w*)["'`](?![\w])""")
_ONLY_JSON = re.compile(r"\bJSON\b(?=[^\n]*\b(?:only|nothing else)\b)|\bonly\b[^\n]*\bJSON\b")


def asked_shape(texts: Iterable[str]) -> Json:
    """Return the schema that the first text with a shape asks for, or an empty one."""
    return next(filter(None, map(_shape, texts)), {})


def asks_for_json(text: str) -> bool:
    """Whether the last line of a system prompt asks for JSON and nothing else, or for JSON of a
    schema that the prompt shows."""
    last = text.rstrip().rpartition("\n")[2]
    shows_schema = "JSON" in last and any(map(_is_schema, _objects(text[:LONGEST_TEXT])))
    return shows_schema or _ONLY_JSON.search(last) is not None


def _shape(text: str) -> Json | None:
    text = text[:LONGEST_TEXT]
    shown = list(_objects(text))
    schema = next(filter(_is_schema, shown), None)
    if schema is not None:
        return schema
    if filled := next(filter(None, shown), None):
        return _like(filled)
    sentences = filter(_SPEAKS_OF_NAMES.search, _SENTENCE.findall(text))
    names = [name for sentence in sentences for name in _QUOTED_NAME.findall(sentence)]
    return _with_keys({name: {"type": "string"} for name in names}) if names else None


def _objects(text: str) -> Iterator[Json]:
    """Yield the JSON objects in a text, those apart that are inside of others."""
    decoder, at = json.JSONDecoder(), -1
    for _ in range(MOST_BRACES):
        at = text.find("{", at + 1)
        if at < 0:
            return
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            continue
        yield value
        at = end - 1


def _is_schema(value: Json) -> bool:
    return isinstance(value.get("properties"), dict) or "$ref" in value


def _like(value: Any) -> Json:
    """Return a schema of values like this one."""
    if isinstance(value, dict):
        return _with_keys({name: _like(each) for name, each in value.items()})
    if isinstance(value, list):
        return {"type": "array", "items": _like(value[0]) if value else {}}
    kinds = {bool: "boolean", int: "integer", float: "number", type(None): "null"}
    return {"type": kinds.get(type(value), "string")}


def _with_keys(properties: Json) -> Json:
    return {"type": "object", "properties": properties, "required": list(properties)}
