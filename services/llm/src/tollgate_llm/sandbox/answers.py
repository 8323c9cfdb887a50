"""What the sandbox says: the same ask gets the same answer, always."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain, cycle, islice
from typing import Literal

import msgspec

from tollgate_llm.sandbox.asks import Ask, Tool
from tollgate_llm.sandbox.instances import instance
from tollgate_llm.sandbox.mentions import Mentions
from tollgate_llm.sandbox.tokens import pieces

NOTHING_TO_ECHO = "There was no text to echo."

OVERAGE = 16
"""How many tokens beyond the cap `sandbox-overage` answers with."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call, with its arguments in the pieces that they are streamed in, one token each."""

    tool: Tool
    pieces: list[str]

    @property
    def arguments(self) -> str:
        return "".join(self.pieces)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: calls of tools, or else text in the pieces it is streamed in, one token each.

    `ended` says why there is no more: it was done, the cap was reached, or `stop` came up.
    """

    pieces: list[str]
    calls: tuple[ToolCall, ...] = ()
    ended: Literal["done", "cap", "stop"] = "done"
    stop: str | None = None

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    @property
    def tokens(self) -> int:
        return len(self.pieces) + sum(len(call.pieces) for call in self.calls)


def compose(ask: Ask) -> Answer:
    """Call the tools, else instantiate the schema, else echo; up to a stop sequence and the cap."""
    if ask.tools:
        return _calling(ask)
    if ask.schema is not None:
        made = instance(ask.schema, _mentions(ask)) if ask.schema else {"echo": _echo(ask)}
        return _capped(_json(made), ask.cap, Answer([]))
    text, stop = _until_stop(_echo(ask), ask.stops)
    return _capped(text, ask.cap, Answer([], ended="stop" if stop else "done", stop=stop))


def _calling(ask: Ask) -> Answer:
    """One call after the other, as far as the cap reaches."""
    calls, left, mentions = [], ask.cap, _mentions(ask)
    for tool in ask.tools:
        arguments = _capped(_json(instance(tool.schema, mentions)), left, Answer([]))
        calls.append(ToolCall(tool, arguments.pieces))
        if arguments.ended == "cap":
            return Answer([], tuple(calls), ended="cap")
        left = None if left is None else left - arguments.tokens
    return Answer([], tuple(calls))


def _mentions(ask: Ask) -> Mentions:
    return Mentions(ask.message, ask.tool_names, is_result=ask.is_result)


def _capped(text: str, cap: int | None, answer: Answer) -> Answer:
    """The answer with this text, or with as much of it as the cap allows."""
    if cap is None:
        return replace(answer, pieces=pieces(text))
    found = pieces(text, cap + 1)
    if len(found) <= cap:
        return replace(answer, pieces=found)
    return replace(answer, pieces=found[:cap], ended="cap", stop=None)


def compose_overage(ask: Ask) -> Answer:
    """The echo, over and over, until it is longer than the cap allows."""
    echo = pieces(_echo(ask))
    if ask.cap is None:
        return Answer(echo)
    again = [f" {echo[0].lstrip()}", *echo[1:]]
    return Answer(list(islice(chain(echo, cycle(again)), ask.cap + OVERAGE)))


def _echo(ask: Ask) -> str:
    return ask.prompt or NOTHING_TO_ECHO


def _until_stop(text: str, stops: tuple[str, ...]) -> tuple[str, str | None]:
    """The text before the stop sequence that comes first, and that sequence."""
    found = [(at, stop) for stop in stops if stop and (at := text.find(stop)) >= 0]
    if not found:
        return text, None
    at, stop = min(found)
    return text[:at], stop


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
