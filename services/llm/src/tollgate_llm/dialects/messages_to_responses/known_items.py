"""The items of a streamed response, and which of them an event is about.

OpenAI numbers its items and gives them ids, which stay the same. Other servers leave out either,
give the same number to all, or another id with every event. An event is about the item of its
number, unless that has ended or calls under another id; without a number the id tells.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tollgate_llm.dialects import reading
from tollgate_llm.dialects.messages_to_chat.blocks import Block
from tollgate_llm.dialects.translation import Json

CALL = "function_call"


@dataclass(slots=True, eq=False)
class Item:
    """`json` is the item as last told, `pieces` are what its deltas say, `part` the number of the
    last one's part, and `block` is what it has become, if anything."""

    kind: str
    json: Json
    pieces: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    part: int = 0
    block: Block | None = None
    is_done: bool = False

    def is_told_as(self, item: Json) -> bool:
        """Return whether both have the same id, which is a call's own where it is one."""
        own = _identity(self.json)
        return own != "" and own == _identity(item)

    def may_be(self, kind: str, item: Json) -> bool:
        """Return whether something of this kind at the item's place is this item."""
        if self.kind != kind:
            return False
        is_other = "" not in (_identity(item), _identity(self.json)) and not self.is_told_as(item)
        return not (is_other and (self.is_done or kind == CALL))


class KnownItems:
    """All items that events have told of so far, in their order."""

    def __init__(self) -> None:
        self._items: list[Item] = []
        self._places: dict[int, Item] = {}

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items)

    def of(self, event: Json, kind: str, item: Json) -> Item:
        """Return the item that an event is about; `item` is empty where the event has none."""
        place = event.get("output_index")
        if type(place) is not int:
            place = self._place(reading.text(item or event, "id", "item_id"), is_new=bool(item))
        known = self._places.get(place)
        if known is None or not known.may_be(kind, item):
            known = self._places[place] = self._added(kind, item)
        return known

    def at_end(self, place: int, item: Json) -> Item:
        """Return the item that stands at a place in the output of the response that has ended."""
        for known in self._items:
            if known.is_told_as(item):
                return known
        there, kind = self._places.get(place), reading.text(item, "type")
        if there is None or there.kind != kind or (kind == CALL and not there.may_be(kind, item)):
            return self._added(kind, item)
        return there

    def _added(self, kind: str, item: Json) -> Item:
        added = Item(kind, item)
        self._items.append(added)
        return added

    def _place(self, item_id: str, *, is_new: bool) -> int:
        """Return the place of the item with an id, or else the last one, or the next."""
        for place, known in self._places.items():
            if item_id and reading.text(known.json, "id") == item_id:
                return place
        return max(self._places, default=-1) + is_new


def _identity(item: Json) -> str:
    return reading.text(item, "call_id", "id")
