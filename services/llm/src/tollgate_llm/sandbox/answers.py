"""What the sandbox says: the same ask gets the same answer, always."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain, cycle, islice
from typing import Literal

import msgspec

from tollgate_llm.sandbox.asks import Ask, Tool
from tollgate_llm.sandbox.instances import instance
from tollgate_llm.sandbox.tokens import pieces

NOTHING_TO_ECHO = "There was no text to echo."

OVERAGE = 16
"""How many tokens beyond the cap `sandbox-overage` answers with."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer in the pieces it is streamed in, one token each: text, or a call's arguments.

    `ended` says why there is no more: it was done, the cap was reached, or `stop` came up.
    """

    pieces: list[str]
    tool: Tool | None = None
    ended: Literal["done", "cap", "stop"] = "done"
    stop: str | None = None

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    @property
    def tokens(self) -> int:
        return len(self.pieces)


def compose(ask: Ask) -> Answer:
    """Call the tool, else instantiate the schema, else echo; up to a stop sequence and the cap."""
    if ask.tool:
        return _capped(_json(instance(ask.tool.schema)), ask.cap, Answer([], tool=ask.tool))
    if ask.schema is not None:
        made = instance(ask.schema) if ask.schema else {"echo": _echo(ask)}
        return _capped(_json(made), ask.cap, Answer([]))
    text, stop = _until_stop(_echo(ask), ask.stops)
    return _capped(text, ask.cap, Answer([], ended="stop" if stop else "done", stop=stop))


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
