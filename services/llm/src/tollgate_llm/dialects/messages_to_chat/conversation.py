"""The system prompt and the messages → messages.

Messages of one role in a row are one turn, as Anthropic takes them: a turn's calls and its results
stay together, and templates that insist on turns alternating get what they want.
"""

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import NamedTuple

from tollgate_llm.dialects.messages_to_chat.content import Placed, placed
from tollgate_llm.dialects.messages_to_chat.fields import refuse_rest
from tollgate_llm.dialects.messages_to_chat.turns import assistant_turn, system_turn, user_turn
from tollgate_llm.dialects.translation import Drops, Json

_TURNS: dict[str, Callable[[list[Placed], Drops], Iterator[Json]]] = {
    "system": system_turn,
    "user": user_turn,
    "assistant": assistant_turn,
}


class Turn(NamedTuple):
    """What one role says before another does."""

    role: str
    blocks: list[Placed]


def messages_of(asked: Json, drops: Drops) -> list[Json]:
    turns = turns_of(asked, drops)
    return [message for role, blocks in turns for message in _TURNS[role](blocks, drops)]


def turns_of(asked: Json, drops: Drops) -> Iterator[Turn]:
    """Yield the turns of a conversation, which the user has to end."""
    said = list(_said(asked, drops))
    if said and said[-1].role == "assistant":
        last = len(asked["messages"]) - 1
        drops.add(f"messages.{last}", "this provider does not go on with an answer once begun")
        said.pop()
    for role, parts in groupby(said, key=lambda each: each.role):
        yield Turn(role, [block for each in parts for block in each.blocks])


def _said(asked: Json, drops: Drops) -> Iterator[Turn]:
    if asked.get("system"):
        yield Turn("system", placed(asked["system"], "system"))
    for index, message in enumerate(asked["messages"]):
        refuse_rest(message, ("role", "content"), f"messages.{index}", drops)
        yield Turn(message["role"], placed(message["content"], f"messages.{index}.content"))
