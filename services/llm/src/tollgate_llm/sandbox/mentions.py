"""What a message mentions, from which the arguments of a call and the values of an answer are
drawn.

The rule, for each value in the order of its schema: what the message puts after the value's own
name; else the first mention of its kind that no other value has taken. Of a string's kind are, in
turn, what its format or its name asks for (`date`, `email`, `url`, …), what is quoted, and what is
named (`mentioned_names`). A boolean is drawn only where it is named. Nothing is drawn that the
schema does not accept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any

from tollgate_llm.sandbox.mentioned_names import Mention, names, nouns

LONGEST_TEXT = 20_000
"""How many characters of a message are looked at."""

Accepts = Callable[[Any], bool]

_WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_WHOLE = r"(?<![\w./-])-?(?:\d{1,3}(?:,\d{3}){1,4}|\d{1,15})"
_INTEGER = re.compile(rf"{_WHOLE}(?![\w/]|[.:-]\d)")
_NUMBER = re.compile(rf"{_WHOLE}(?:\.\d{{1,15}})?(?![\w/]|[.:-]\d)")
_BOOLEAN = re.compile(rf"\b(?:{'|'.join(_WORDS)})\b", re.IGNORECASE)
_QUOTED = re.compile(
    r"""(?<!\w)'([^'\n]+)'(?!\w)|"([^"\n]+)"|`([^`\n]+)`|“([^”\n]+)”|\u2018([^\u2019\n]+)\u2019"""
    r"""|«([^»\n]+)»|「([^」\n]+)」|『([^』\n]+)』"""
)
_DATE = r"\d{4}-\d\d-\d\d"
_TIME = r"\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)?"
_FORMS = {
    "date-time": re.compile(rf"\b{_DATE}[T ]{_TIME}"),
    "date": re.compile(rf"\b{_DATE}(?!\w)"),
    "time": re.compile(rf"\b{_TIME}"),
    "email": re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"),
    "uri": re.compile(r"\bhttps?://[^\s\"'`<>)]*[^\s\"'`<>).,;:!?]"),
    "uuid": re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"),
    "ipv4": re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b"),
}
_BY_NAME = {"datetime": "date-time", "timestamp": "date-time", "url": "uri", "link": "uri"}


class Mentions:
    """The mentions of one message. `ignored` are words that are none: the names of the tools.

    With `is_result` the message is what a tool returned, and the first string is all of it.
    """

    def __init__(self, text: str, ignored: Iterable[str] = (), *, is_result: bool = False) -> None:
        self._text = text[:LONGEST_TEXT]
        self._ignored = frozenset(ignored)
        self._taken: list[Mention] = []
        self._result = [Mention(0, len(self._text), text)] if is_result and text else []

    def take(self, name: str, kind: str, form: str | None, accepts: Accepts) -> Any:
        """Return the value for a property of this name, JSON type and format; None: none is
        mentioned."""
        groups = self._groups(name, kind, form)
        fit = [each for group in groups for each in group if self._is_open(each, accepts)]
        named = (each for each in fit if self._follows(each, name))
        return self._took(next(named, fit[0] if fit and kind != "boolean" else None))

    def take_all(self, kind: str, form: str | None, accepts: Accepts) -> list[Any]:
        """Return all that there is of a kind, for an array; of strings all that are quoted, or else
        all names, each by itself."""
        if kind == "boolean" or self._result:
            return []
        for group in self._groups("", kind, form):
            if fit := [each for each in group if self._is_open(each, accepts)]:
                return [self._took(each) for each in fit]
        return []

    def take_listed(self, name: str, values: Iterable[Any]) -> Any:
        """Return the listed string that is mentioned first, or that follows the property's name."""
        mentions = sorted(
            mention for value in values if isinstance(value, str) for mention in self._words(value)
        )
        named = (each for each in mentions if self._follows(each, name))
        chosen = next(named, mentions[0] if mentions else None)
        return chosen.value if chosen else None

    def names(self, name: str) -> bool:
        """Whether the message gives a value to the property: its name, a sign or `is`, and more."""
        return bool(name) and re.search(rf"{_spoken(name)}{_GIVEN}", self._text) is not None

    def _groups(self, name: str, kind: str, form: str | None) -> list[list[Mention]]:
        """Return the mentions of a kind, those first that are meant most."""
        if kind in _SCALARS:
            return [self._matches(*_SCALARS[kind])]
        if kind != "string":
            return []
        last = re.split(r"[^a-z]+", name.lower())[-1]
        wanted = form or _BY_NAME.get(last, last)
        formed = [self._matches(_FORMS[wanted], str)] if wanted in _FORMS else []
        if form:
            return formed
        if not name:
            return [self._quoted, list(names(self._text, is_list=True))]
        return [*formed, self._result, self._labelled(name), self._quoted, self._named]

    def _matches(self, pattern: re.Pattern[str], read: Callable[[str], Any]) -> list[Mention]:
        return [Mention(*each.span(), read(each.group())) for each in pattern.finditer(self._text)]

    @cached_property
    def _quoted(self) -> list[Mention]:
        matches = _QUOTED.finditer(self._text)
        return [Mention(*each.span(), each.group(each.lastindex or 0)) for each in matches]

    @cached_property
    def _named(self) -> list[Mention]:
        return [*names(self._text), *nouns(self._text)]

    def _labelled(self, name: str) -> list[Mention]:
        """Return what stands after `name:` or `name=`, up to the next sign that ends it."""
        pattern = rf"{_spoken(name)}\s*[:=]\s*([^\s,;`\"'][^,;\n`\"']*)"
        matches = re.finditer(pattern, self._text)
        return [Mention(*each.span(1), each.group(1).rstrip(" .!?)")) for each in matches]

    def _words(self, value: str) -> Iterator[Mention]:
        pattern = rf"(?<!\w){re.escape(value)}(?!\w)"
        for each in re.finditer(pattern, self._text, re.IGNORECASE) if value else ():
            yield Mention(*each.span(), value)

    def _follows(self, mention: Mention, name: str) -> bool:
        before = self._text[max(0, mention.start - len(name) - 16) : mention.start]
        return bool(name) and re.search(rf"{_spoken(name)}{_LEADS}$", before) is not None

    def _is_open(self, mention: Mention, accepts: Accepts) -> bool:
        is_free = all(
            mention.end <= taken.start or taken.end <= mention.start for taken in self._taken
        )
        return is_free and mention.value not in self._ignored and accepts(mention.value)

    def _took(self, mention: Mention | None) -> Any:
        if mention is None:
            return None
        self._taken.append(mention)
        return mention.value


_LEADS = r"[\"'`]?\s*(?:[:=]|is|of|to|as|with)?\s*[\"'`]?"
_GIVEN = r"[\"'`]?\s*(?:[:=]|is\b)\s*\S"


def _spoken(name: str) -> str:
    """A pattern for the name as it is, and with spaces for its underscores."""
    return rf"(?i:(?<!\w){re.escape(name).replace('_', '[_ ]')}(?!\w))"


def _number(text: str) -> float:
    digits = text.replace(",", "")
    return float(digits) if "." in digits else int(digits)


_SCALARS: dict[str, tuple[re.Pattern[str], Callable[[str], Any]]] = {
    "integer": (_INTEGER, _number),
    "number": (_NUMBER, _number),
    "boolean": (_BOOLEAN, lambda text: _WORDS[text.lower()]),
}
