"""Reads completions, of which nobody has checked the types."""

from typing import Any

from tollgate_llm.dialects.reading import objects
from tollgate_llm.dialects.translation import Json


def natural(given: Json, name: str) -> int | None:
    """A whole number that is not negative."""
    value: Any = given.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        return None
    return value


def first_choice(given: Json) -> Json | None:
    """No others are asked for."""
    choices = objects(given.get("choices"))
    return next((each for each in choices if not natural(each, "index")), None)
