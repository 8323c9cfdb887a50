"""Reads what a provider sent, of whatever shape: what is not as expected is as good as missing."""

from typing import Any

from tollgate_llm.dialects.translation import Json


def part(given: Json, name: str) -> Json:
    value = given.get(name)
    return value if isinstance(value, dict) else {}


def objects(value: Any) -> list[Json]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def text(given: Json, name: str) -> str:
    value = given.get(name)
    return value if isinstance(value, str) else ""


def number(given: Json, name: str, default: int = 0) -> int:
    value = given.get(name)
    return value if type(value) is int else default
