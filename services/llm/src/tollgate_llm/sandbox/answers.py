"""What the sandbox says: the same ask gets the same answer, always."""

from __future__ import annotations

from dataclasses import dataclass
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
    """Call the tool, else instantiate the schema, else echo; then cut to the cap."""
    if ask.tool:
        answer = Answer(pieces(_json(instance(ask.tool.schema))), tool=ask.tool)
    elif ask.schema is not None:
        answer = Answer(pieces(_json(instance(ask.schema) if ask.schema else {"echo": _echo(ask)})))
    else:
        answer = _stopped(_echo(ask), ask.stops)
    if ask.cap is None or answer.tokens <= ask.cap:
        return answer
    return Answer(answer.pieces[: ask.cap], tool=answer.tool, ended="cap")


def compose_overage(ask: Ask) -> Answer:
    """The echo, over and over, until it is longer than the cap allows."""
    echo = pieces(_echo(ask))
    if ask.cap is None:
        return Answer(echo)
    again = [f" {echo[0].lstrip()}", *echo[1:]]
    return Answer(list(islice(chain(echo, cycle(again)), ask.cap + OVERAGE)))


def _echo(ask: Ask) -> str:
    return ask.prompt or NOTHING_TO_ECHO


def _stopped(text: str, stops: tuple[str, ...]) -> Answer:
    found = [(at, stop) for stop in stops if stop and (at := text.find(stop)) >= 0]
    if not found:
        return Answer(pieces(text))
    at, stop = min(found)
    return Answer(pieces(text[:at]), ended="stop", stop=stop)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
