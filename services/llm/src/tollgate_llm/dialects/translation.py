"""What a translation between two dialects is made of: pure functions over decoded JSON.

A request goes from the caller's dialect to the provider's, answers and events go back. What comes
in has been checked against the SDK's own types; fields that the types do not know may be there.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from tollgate_llm.dialects.errors import UnsupportedParameter

Json = dict[str, Any]
_INDEX = re.compile(r"(?<=\.)\d+(?=\.|$)")


def pattern_of(path: str) -> str:
    """Return the path with `*` for each index: `messages.*.name` for `messages.3.name`."""
    return _INDEX.sub("*", path)


class Wanted(NamedTuple):
    """`model` is its name at the provider. `default_max_tokens` is the output cap where the
    provider insists on one and the caller names none. `drop`: parameters that cannot be expressed
    may be left out, and are listed, instead of refusing the request. `reasons` says whether the
    model takes an effort of reasoning, None where only its name can tell."""

    model: str
    default_max_tokens: int
    drop: bool = False
    reasons: bool | None = None


class Translated(NamedTuple):
    """A request's body in the provider's dialect, and the names of the parameters left out: hints
    by their pattern, and what cannot be expressed by its path."""

    body: Json
    dropped: tuple[str, ...] = ()


class Drops:
    """Collects what is left out: hints always, and what cannot be expressed when the caller said
    so; otherwise that is refused at once."""

    def __init__(self, wanted: Wanted) -> None:
        self._allowed = wanted.drop
        self._names: list[str] = []

    def add(self, param: str, reason: str) -> None:
        """`param` as the caller's dialect writes it: `logit_bias`, `messages.2.content.0`."""
        if not self._allowed:
            raise UnsupportedParameter(param, reason)
        self._record(param)

    def hint(self, param: str) -> None:
        """Record a field that changes nothing of what is asked for. Its pattern is recorded, once:
        a long conversation has hundreds of some hints, and a header must stay short."""
        self._record(pattern_of(param))

    def _record(self, name: str) -> None:
        if name not in self._names:
            self._names.append(name)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._names)


class StreamTranslator(Protocol):
    """One stream. Events are decoded JSON: chat chunks, or objects with a `type`."""

    @property
    def is_whole(self) -> bool:
        """Return whether the provider has said how its answer ended."""

    def feed(self, event: Json) -> list[Json]:
        """The caller's events for one of the provider's."""

    def finish(self) -> list[Json]:
        """The provider's stream is whole: what is left to say."""


def same_param(param: str, asked: Json) -> str:
    """Return the parameter as it is: what a translation reads is the caller's own request."""
    return param


class Translation(NamedTuple):
    """`path` is the provider's route. `answer` and `stream` get the caller's own request too.
    `caller_param` tells which field of the caller's request became a parameter of the provider's,
    for translations that are followed by another."""

    path: str
    request: Callable[[Json, Wanted], Translated]
    answer: Callable[[Json, Json], Json]
    stream: Callable[[Json], StreamTranslator]
    caller_param: Callable[[str, Json], str] = same_param
