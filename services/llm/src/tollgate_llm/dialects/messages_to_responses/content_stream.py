"""Events of a response's items → the events of content blocks.

A block begins with the first thing that there is to say of an item, and ends with the item. What
its deltas have left out is said when the item has ended, or else the response.
"""

import json
from collections.abc import Iterable, Iterator
from functools import partial

from tollgate_llm.dialects import reading
from tollgate_llm.dialects.messages_to_chat.blocks import Call, Redacted, Text
from tollgate_llm.dialects.messages_to_chat.thoughts import is_hidden
from tollgate_llm.dialects.messages_to_responses.blocks import Blocks, Thinking
from tollgate_llm.dialects.messages_to_responses.items import Calls, text_in
from tollgate_llm.dialects.messages_to_responses.known_items import CALL, Item, KnownItems
from tollgate_llm.dialects.messages_to_responses.message import refusal_in
from tollgate_llm.dialects.messages_to_responses.searches import search_blocks
from tollgate_llm.dialects.messages_to_responses.thoughts import (
    BETWEEN,
    signature,
    thinking_block,
    thought_of,
)
from tollgate_llm.dialects.translation import Json

_MESSAGE, _REASONING, _SEARCH = "message", "reasoning", "web_search_call"
_DELTAS = {
    "response.output_text.delta": _MESSAGE,
    "response.refusal.delta": _MESSAGE,
    "response.reasoning_summary_text.delta": _REASONING,
    "response.reasoning_text.delta": _REASONING,
    "response.function_call_arguments.delta": CALL,
}
_ITEMS = frozenset({"response.output_item.added", "response.output_item.done"})
_PARTS = ("summary_index", "content_index")
ITEM_EVENTS = _ITEMS | _DELTAS.keys()
"""The events that say something of an item."""


class ContentStream:
    def __init__(self, message_id: str, request: Json) -> None:
        self._hides_thinking = is_hidden(request)
        self._calls = Calls(request, message_id)
        self._items = KnownItems()
        self._blocks = Blocks()

    @property
    def called(self) -> bool:
        return self._calls.count > 0

    @property
    def refusal(self) -> str:
        return "".join("".join(item.refusals) or refusal_in([item.json]) for item in self._items)

    def feed(self, event: Json) -> Iterator[Json]:
        """Yield what an event adds. Raise `ValueError` for a call that has ended without a name."""
        kind = reading.text(event, "type")
        if kind not in _ITEMS:
            item = self._items.of(event, _DELTAS[kind], {})
            yield from self._add_delta(item, event)
            return
        content = reading.part(event, "item")
        item = self._items.of(event, reading.text(content, "type"), content)
        if kind == "response.output_item.done":
            yield from self._end(item, content)
        elif item.kind == CALL and item.block is None and reading.text(content, "name"):
            item.json = content
            yield from self._begin_call(item)

    def complete(self, output: Iterable[Json], *, is_cut: bool) -> Iterator[Json]:
        """Yield what the whole output has and no event has told. Raise `ValueError` for a call
        without a name, and for half a call in an answer that was not cut off."""
        for place, content in enumerate(output):
            yield from self._end(self._items.at_end(place, content), content)
        for item in self._items:
            if item.kind == CALL and not item.is_done and not is_cut:
                json.loads("".join(item.pieces) or "{}")
            yield from self._end(item, item.json)

    def _add_delta(self, item: Item, event: Json) -> Iterator[Json]:
        piece = reading.text(event, "delta")
        if not piece or item.is_done:
            return
        part = next((reading.number(event, name) for name in _PARTS if name in event), 0)
        if item.kind == _REASONING and item.pieces and part != item.part:
            piece = BETWEEN + piece
        item.part = part
        if reading.text(event, "type") == "response.refusal.delta":
            item.refusals.append(piece)
        yield from self._add(item, piece)

    def _add(self, item: Item, piece: str) -> Iterator[Json]:
        """Yield a piece of an item's text, thought or arguments. What cannot be told yet, or is
        not to be shown, is only kept."""
        if not piece:
            return
        item.pieces.append(piece)
        if item.kind == _MESSAGE and not self._blocks.is_open(item.block):
            item.block, events = self._blocks.begin(Text)
            yield from events
        elif item.kind == _REASONING and item.block is None and not self._hides_thinking:
            item.block, events = self._blocks.begin(Thinking)
            yield from events
        is_hidden = item.kind == _REASONING and self._hides_thinking
        if item.block is not None and self._blocks.is_open(item.block) and not is_hidden:
            yield from item.block.add(piece)

    def _begin_call(self, item: Item) -> Iterator[Json]:
        content = self._calls.block(item.json)
        item.block, events = self._blocks.begin(partial(Call, given=content))
        yield from events
        if item.pieces:
            yield from item.block.add("".join(item.pieces))

    def _end(self, item: Item, content: Json) -> Iterator[Json]:
        if item.is_done:
            return
        item.json = content
        if item.kind == CALL and item.block is None:
            yield from self._begin_call(item)
        yield from self._add(item, _rest(item))
        if item.kind == _REASONING:
            yield from self._sign(item)
        elif item.kind == _SEARCH:
            for each in search_blocks(content):
                block, events = self._blocks.begin(partial(Redacted, given=each))
                yield from [*events, *self._blocks.stop(block)]
        item.is_done = True
        yield from self._blocks.stop(item.block)

    def _sign(self, item: Item) -> Iterator[Json]:
        if item.block is None and thinking_block(item.json, hidden=self._hides_thinking):
            item.block, events = self._blocks.begin(Thinking)
            yield from events
        if isinstance(item.block, Thinking):
            item.block.signature = signature(item.json)


def _rest(item: Item) -> str:
    """Return what a whole item says beyond its deltas. Where those say something else, they stand;
    raise `ValueError` if they are a call's, and no whole arguments."""
    read = {_MESSAGE: text_in, _REASONING: thought_of, CALL: _arguments}.get(item.kind)
    text, deltas = read(item.json) if read else "", "".join(item.pieces)
    if text.startswith(deltas):
        return text[len(deltas) :]
    if item.kind == CALL and text:
        json.loads(deltas)
    return ""


def _arguments(item: Json) -> str:
    return reading.text(item, "arguments")
