"""Reads what a provider sent, of which nothing is certain: what is odd counts as absent."""

from typing import Any

from tollgate_llm.dialects.translation import Json


def text(given: Json, *names: str) -> str:
    """The first of these that is a text and not empty."""
    values = (given.get(name) for name in names)
    return next((value for value in values if isinstance(value, str) and value), "")


def objects(value: Any) -> list[Json]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def part(given: Json, name: str) -> Json:
    value = given.get(name)
    return value if isinstance(value, dict) else {}


def number(given: Json, name: str, missing: int = 0) -> int:
    """Whole; `true` is none."""
    value = given.get(name)
    return value if type(value) is int else missing
