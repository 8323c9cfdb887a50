"""What a translation between two dialects is made of: pure functions over decoded JSON.

A request goes from the caller's dialect to the provider's, answers and events go back. What comes
in has been checked against the SDK's own types; fields that the types do not know may be there.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from tollgate_llm.dialects.errors import UnsupportedParameter

Json = dict[str, Any]


class Wanted(NamedTuple):
    """`model` is its name at the provider. `default_max_tokens` is the output cap where the
    provider insists on one and the caller names none. `drop`: parameters that cannot be expressed
    may be left out, and are listed, instead of refusing the request."""

    model: str
    default_max_tokens: int
    drop: bool = False


class Translated(NamedTuple):
    """A request's body in the provider's dialect, and the names of the parameters left out."""

    body: Json
    dropped: tuple[str, ...] = ()


class Drops:
    """Collects what cannot be expressed: refused at once, or left out when the caller said so."""

    def __init__(self, wanted: Wanted) -> None:
        self._allowed = wanted.drop
        self._names: list[str] = []

    def add(self, param: str, reason: str) -> None:
        """`param` as the caller's dialect writes it: `logit_bias`, `messages.2.content.0`."""
        if not self._allowed:
            raise UnsupportedParameter(param, reason)
        if param not in self._names:
            self._names.append(param)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._names)


class StreamTranslator(Protocol):
    """One stream. Events are decoded JSON: chat chunks, or objects with a `type`."""

    @property
    def is_whole(self) -> bool:
        """Whether the provider has said how its answer ended."""

    def feed(self, event: Json) -> list[Json]:
        """The caller's events for one of the provider's."""

    def finish(self) -> list[Json]:
        """The provider's stream is whole: what is left to say."""


class Translation(NamedTuple):
    """`path` is the provider's route. `answer` and `stream` get the caller's own request too."""

    path: str
    request: Callable[[Json, Wanted], Translated]
    answer: Callable[[Json, Json], Json]
    stream: Callable[[Json], StreamTranslator]
