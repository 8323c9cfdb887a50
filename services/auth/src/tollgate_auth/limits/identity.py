"""What makes two limits of one subject the same, and which of them continue one another."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from tollgate_common.principal import folded


class Described(Protocol):
    """A limit as it is stored, or as it is sent."""

    @property
    def metric(self) -> str: ...
    @property
    def window(self) -> str | None: ...
    @property
    def models(self) -> Sequence[str]: ...
    @property
    def mode(self) -> str: ...
    @property
    def timezone(self) -> str: ...


class Counted(NamedTuple):
    """What a limit counts. `models` are sorted, each once, whatever its case."""

    metric: str
    window: str | None
    models: tuple[str, ...]


class Identity(NamedTuple):
    """Two limits of one subject that have the same identity are the same limit."""

    counted: Counted
    mode: str
    timezone: str


def identity_of(limit: Described) -> Identity:
    models = tuple(sorted({folded(model) for model in limit.models}))
    return Identity(Counted(limit.metric, limit.window, models), limit.mode, limit.timezone)


def continued(stored: Sequence[Identity], sent: Sequence[Identity]) -> list[int | None]:
    """Return, for each limit that is sent, the place of the stored limit that it continues: one of
    the same identity, else one that counts the same, else None. No limit is continued twice."""
    free = set(range(len(stored)))
    places: list[int | None] = [None] * len(sent)
    for exactly in (True, False):
        for number, limit in enumerate(sent):
            if places[number] is None:
                fitting = (place for place in sorted(free) if _fits(stored[place], limit, exactly))
                places[number] = next(fitting, None)
                free -= {places[number]}
    return places


def _fits(stored: Identity, sent: Identity, exactly: bool) -> bool:
    return stored == sent if exactly else stored.counted == sent.counted
