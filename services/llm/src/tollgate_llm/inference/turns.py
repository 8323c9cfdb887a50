"""The routes of a request, each prepared when its turn comes.

A route whose dialect cannot say the request is passed over: another may. Only when all of them are
is the request refused, as the first of them refuses it.
"""

from collections.abc import Callable, Iterator, Sequence

from tollgate_common.errors import BadRequest
from tollgate_llm.dialects.matching import Match
from tollgate_llm.inference.provider_request import Capability, ProviderRequest

Prepare = Callable[[Match, frozenset[Capability]], ProviderRequest]


class Turns(Iterator[ProviderRequest]):
    """Yields the routes that can be asked, as requests to their providers. `refusal` is why the
    first route that was passed over cannot be asked, None as long as none was."""

    def __init__(self, matches: Sequence[Match], prepare: Prepare) -> None:
        self._matches = iter(matches)
        self._prepare = prepare
        self._next: ProviderRequest | None = None
        self.refusal: BadRequest | None = None

    def __next__(self) -> ProviderRequest:
        request = self._peek()
        if request is None:
            raise StopIteration
        self._next = None
        return request

    def again(self, request: ProviderRequest, capability: Capability) -> ProviderRequest | None:
        """Return a request to the same route that does without a capability; None where that cannot
        say what the caller asks."""
        return self._prepared(request.match, request.without | {capability})

    def are_over(self) -> bool:
        """Return whether no other route can be asked."""
        return self._peek() is None

    def _peek(self) -> ProviderRequest | None:
        while self._next is None:
            match = next(self._matches, None)
            if match is None:
                return None
            self._next = self._prepared(match)
        return self._next

    def _prepared(
        self, match: Match, without: frozenset[Capability] = frozenset()
    ) -> ProviderRequest | None:
        try:
            return self._prepare(match, without)
        except BadRequest as refused:
            self.refusal = self.refusal or refused
            return None
