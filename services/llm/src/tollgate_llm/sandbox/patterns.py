"""A text that a regular expression matches, built from the expression's own syntax tree."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

_PARSER: Any = import_module("re._parser")
_LETTERS = (
    string.ascii_lowercase + string.digits + string.ascii_uppercase + string.punctuation + " "
)
_CATEGORIES: dict[str, Callable[[str], bool]] = {
    "CATEGORY_DIGIT": str.isdigit,
    "CATEGORY_NOT_DIGIT": lambda letter: not letter.isdigit(),
    "CATEGORY_SPACE": str.isspace,
    "CATEGORY_NOT_SPACE": lambda letter: not letter.isspace(),
    "CATEGORY_WORD": lambda letter: letter.isalnum() or letter == "_",
    "CATEGORY_NOT_WORD": lambda letter: not (letter.isalnum() or letter == "_"),
}
_MOST_REPEATS = 4096


class UnsupportedPattern(Exception):
    """The expression uses a construct that no text is built for."""


def matching(pattern: str, more: int = 0) -> str:
    """A match with the fewest repetitions, and `more` of each than that, where it allows more."""
    return _sequence(_PARSER.parse(pattern), more)


def _sequence(tree: Iterable[tuple[Any, Any]], more: int) -> str:
    return "".join(_one(str(kind), value, more) for kind, value in tree)


def _one(kind: str, value: Any, more: int) -> str:
    match kind:
        case "LITERAL":
            return chr(value)
        case "NOT_LITERAL":
            return next(letter for letter in _LETTERS if ord(letter) != value)
        case "ANY":
            return "a"
        case "IN":
            return _member(value)
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            least, most, inner = value
            times = min(int(least) + more, int(most), max(_MOST_REPEATS, int(least)))
            return _sequence(inner, 0) * times
        case "SUBPATTERN":
            return _sequence(value[-1], more)
        case "ATOMIC_GROUP":
            return _sequence(value, more)
        case "BRANCH":
            return _sequence(value[1][0], more)
        case "AT" | "ASSERT" | "ASSERT_NOT":
            return ""
    raise UnsupportedPattern(kind)


def _member(choices: list[tuple[Any, Any]]) -> str:
    """A letter of a set: one of ours if the set has one, else the set's first own."""
    negated = str(choices[0][0]) == "NEGATE"
    members = choices[1:] if negated else choices
    for letter in _LETTERS:
        if any(_has(str(kind), value, letter) for kind, value in members) is not negated:
            return letter
    kind, value = members[0]
    return chr(value[0] if str(kind) == "RANGE" else value)


def _has(kind: str, value: Any, letter: str) -> bool:
    if kind == "LITERAL":
        return ord(letter) == int(value)
    if kind == "RANGE":
        return bool(value[0] <= ord(letter) <= value[1])
    return _CATEGORIES[str(value)](letter)
