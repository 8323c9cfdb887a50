"""The routes of a request, each prepared when its turn comes.

A route whose dialect cannot say the request is passed over: another may. Only when all of them are
is the request refused, as the first of them refuses it.
"""

from collections.abc import Callable, Iterator, Sequence

from tollgate_common.errors import BadRequest
from tollgate_llm.dialects.matching import Match
from tollgate_llm.inference.ways import Way


class Turns(Iterator[Way]):
    """What is left to ask. `refusal` is why the first route that was passed over cannot be asked,
    None as long as none was."""

    def __init__(self, matches: Sequence[Match], prepare: Callable[[Match], Way]) -> None:
        self._matches = iter(matches)
        self._prepare = prepare
        self._next: Way | None = None
        self.refusal: BadRequest | None = None

    def __next__(self) -> Way:
        way = self._peek()
        if way is None:
            raise StopIteration
        self._next = None
        return way

    def once_more(self, way: Way) -> Way | None:
        """Return the same route as it is asked by what has been learned of it since; None where its
        dialect cannot say the request that way."""
        try:
            return self._prepare(way.match)
        except BadRequest as refused:
            self.refusal = self.refusal or refused
            return None

    def are_over(self) -> bool:
        """Return whether no other route can be asked."""
        return self._peek() is None

    def _peek(self) -> Way | None:
        while self._next is None:
            match = next(self._matches, None)
            if match is None:
                return None
            try:
                self._next = self._prepare(match)
            except BadRequest as refused:
                self.refusal = self.refusal or refused
        return self._next
