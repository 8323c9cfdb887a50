"""Which of the offered tools are called, whatever dialect they are offered in.

The tools that the message names as they are spelled, each once, or the first of them where calls
may not be parallel; else the tool whose name has most words of the message, such as `get_weather`
of "the weather in Paris"; else the first. Where the caller leaves the choice and a tool has just
answered, none is. Where a call is required and the message names none, a tool that has been called
already waits for the others, so that agents which end by a tool do end.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass

from tollgate_llm.sandbox.asks import Tool

SHORTEST_WORD = 4
"""How many letters a word has by which a tool is recognised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What the caller lets the model do, and what the conversation has come to.

    `message` is the last message, `called` are the tools that have been called before it.
    """

    message: str
    is_result: bool = False
    called: Container[str] = ()
    must_call: bool = False
    is_parallel: bool = True


def chosen_tools(offered: Sequence[Tool], choice: Choice) -> tuple[Tool, ...]:
    if choice.is_result and not choice.must_call:
        return ()
    named = _named(offered, choice.message)
    if named:
        return tuple(named if choice.is_parallel else named[:1])
    if choice.must_call:
        offered = [tool for tool in offered if tool.name not in choice.called] or offered
    return tuple(sorted(offered, key=lambda tool: -_shared_words(tool.name, choice.message))[:1])


def _named(offered: Sequence[Tool], message: str) -> list[Tool]:
    """The tools that are named, in the order in which the message names them."""
    places = [
        (match.start(), at)
        for at, tool in enumerate(offered)
        if (match := re.search(rf"(?<![\w-]){re.escape(tool.name)}(?![\w-])", message))
    ]
    return [offered[at] for _, at in sorted(places)]


def _shared_words(name: str, message: str) -> int:
    return len(_words(name) & _words(message))


def _words(text: str) -> set[str]:
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", text)
    return {word.lower() for word in words if len(word) >= SHORTEST_WORD}
