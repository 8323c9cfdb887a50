"""Reads what providers answer, of which nobody has checked the types."""

from typing import Any

from tollgate_llm.dialects.translation import Json


def text(given: Json, name: str) -> str:
    value = given.get(name)
    return value if isinstance(value, str) else ""


def part(given: Json, name: str) -> Json:
    value = given.get(name)
    return value if isinstance(value, dict) else {}


def objects(given: Json, name: str) -> list[Json]:
    value = given.get(name)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def number(given: Json, name: str) -> int | None:
    """A natural one."""
    value: Any = given.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        return None
    return value


def first_choice(given: Json) -> Json | None:
    """No others are asked for."""
    choices = objects(given, "choices")
    return next((each for each in choices if not number(each, "index")), None)
