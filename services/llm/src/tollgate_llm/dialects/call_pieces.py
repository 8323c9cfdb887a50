"""Puts the pieces of streamed calls in order.

OpenAI begins a call with its id and its whole name, and goes on with pieces of its arguments by its
index. Other servers give every call the index 0, leave out ids, tell a name in pieces, again with
every piece, or after the arguments have begun. Here a call begins when its name and something of
its arguments are known, or when something else is said.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from tollgate_llm.dialects import reading
from tollgate_llm.dialects.completions import arguments_of
from tollgate_llm.dialects.translation import Json


class Piece(NamedTuple):
    """`number` is the call's place among the calls of the answer. Its first piece `begins` it, with
    the whole name; `call_id` is as the provider gave it, perhaps empty. `extra` is what else it had
    said of the call by then (`extra_content`)."""

    number: int
    begins: bool
    call_id: str
    name: str
    arguments: str
    extra: Json


@dataclass(slots=True)
class _Call:
    number: int
    call_id: str = ""
    name: str = ""
    pieces: list[str] = field(default_factory=list)
    """Of the arguments. Adding each to a text would take time that grows with its square."""
    extra: Json = field(default_factory=dict)
    has_begun: bool = False

    @property
    def arguments(self) -> str:
        return "".join(self.pieces)

    def is_whole(self) -> bool:
        """Return whether the arguments are a whole object; most pieces tell at once that not."""
        if not self.pieces or not self.pieces[-1].rstrip().endswith("}"):
            return False
        try:
            return isinstance(json.loads(self.arguments), dict)
        except (ValueError, RecursionError):
            return False


class CallPieces:
    """The calls of one answer. `count` is how many there are so far."""

    def __init__(self) -> None:
        self.count = 0
        self._calls: dict[int, _Call] = {}

    def feed(self, calls: list[Json]) -> Iterator[Piece]:
        """Yield what the calls of one delta add."""
        for position, call in enumerate(calls):
            yield from self._feed(call, reading.number(call, "index", position))

    def flush(self) -> Iterator[Piece]:
        """Begin what has not begun: nothing says any more of it for now."""
        for call in self._calls.values():
            if not call.has_begun:
                yield self._begun(call)

    def _feed(self, delta: Json, index: int) -> Iterator[Piece]:
        function = reading.part(delta, "function")
        call_id, name = reading.text(delta, "id"), reading.text(function, "name")
        arguments = arguments_of(function)
        call = self._calls.get(index)
        if call is None or _is_another(call, call_id, name, arguments):
            yield from self.flush()
            call = self._calls[index] = _Call(self.count)
            self.count += 1
        call.call_id = call.call_id or call_id
        call.extra = reading.part(delta, "extra_content") or call.extra
        if not call.has_begun and name != call.name:
            call.name += name
        if arguments:
            call.pieces.append(arguments)
        if call.has_begun and arguments:
            yield Piece(call.number, False, call.call_id, call.name, arguments, call.extra)
        elif not call.has_begun and call.name and call.pieces:
            yield self._begun(call)

    def _begun(self, call: _Call) -> Piece:
        call.has_begun = True
        return Piece(call.number, True, call.call_id, call.name, call.arguments, call.extra)


def _is_another(call: _Call, call_id: str, name: str, arguments: str) -> bool:
    """Return whether a piece with the index of an earlier call begins another one."""
    if call_id and call.call_id and call_id != call.call_id:
        return bool(name) or call.is_whole()
    if not name or call_id or not call.is_whole():
        return False
    return bool(arguments) or name != call.name
