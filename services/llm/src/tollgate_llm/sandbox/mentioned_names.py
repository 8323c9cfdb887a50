"""The names in a text: runs of words with a capital, and, where there is none, what a plain word
such as `in` or `about` leads to.

A word that a sentence begins with has a capital anyway. It counts only where a verb follows that
speaks of somebody (`Ada is 36`), and never where it is a word that opens questions and requests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

_OPENERS = frozenset(
    """
    A An And Are At By Call Can Could Create Dear Did Do Does Extract Find For From Get Give Hello
    Hey Hi How I I'll I'm I've If In Is It Let Make My No Of On Please Show Tell That The There
    These They This To Use Using We What What's When Where Which Who Why Will With Write Yes You
    Your
    """.split()  # noqa: SIM905 # sixty words are read more easily without their signs
)
_WORD = r"[^\W\d_][\w'\u2019&-]*"
_LED = re.compile(rf"\b(?:in|for|about|at|named|called) (?:the |an? )?({_WORD})")
_SPEAKS = re.compile(r" (?:is|was|has|had|lives|works)\b")
_PRONOUNS = frozenset(
    "a an her him it me my our that the them these this those us you your".split()  # noqa: SIM905
)


class Mention(NamedTuple):
    """Where a value stands in a text, and the value."""

    start: int
    end: int
    value: Any


def names(text: str, *, is_list: bool = False) -> Iterator[Mention]:
    """Yield the names in their order. A comma is a part of a name (`San Francisco, CA`) unless it
    is a list that is looked for."""
    for words in _capital_runs(text, is_list):
        if _begins_sentence(text, words[0].start()):
            end = words[-1].end()
            if words[0].group() in _OPENERS or not _SPEAKS.match(text, end):
                words = words[1:]
        while words and words[0].group() in _OPENERS:
            words = words[1:]
        if words:
            start, end = words[0].start(), words[-1].end()
            yield Mention(start, end, text[start:end])


def nouns(text: str) -> Iterator[Mention]:
    """Yield the words without a capital that `in`, `for`, `about`, `at`, `named` or `called` lead
    to."""
    for each in _LED.finditer(text):
        if each.group(1) not in _PRONOUNS:
            yield Mention(*each.span(1), each.group(1))


def _capital_runs(text: str, is_list: bool) -> Iterator[list[re.Match[str]]]:
    """Yield the words of each run: with one space, or a comma and a space, between them."""
    run: list[re.Match[str]] = []
    for word in re.finditer(_WORD, text):
        if not word.group()[0].isupper():
            continue
        between = text[run[-1].end() : word.start()] if run else ""
        if run and between != " " and (is_list or between != ", "):
            yield run
            run = []
        run.append(word)
    if run:
        yield run


def _begins_sentence(text: str, start: int) -> bool:
    before = text[max(0, start - 8) : start].rstrip(" ")
    return not before or before[-1] in ".!?:\n"
