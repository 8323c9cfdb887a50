"""What a principal may do, and the order on it: a child never has more than its parent."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from tollgate_auth.authority import globs, networks

EVERY_MODEL = ("*",)
MODES = ("test", "live")


@dataclass(frozen=True, kw_only=True)
class Authority:
    """`models` are lists of globs: a model must match one of each list. `networks`: none named is
    everywhere. `end` None is never. `projects` None is all. `held_to` are the ids of the subjects
    on whose counters its calls count: the more, the less it may do."""

    scopes: frozenset[str]
    mode: str = "live"
    models: tuple[tuple[str, ...], ...] = (EVERY_MODEL,)
    networks: tuple[str, ...] = ()
    end: datetime | None = None
    projects: frozenset[str] | None = None
    held_to: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Excess:
    """The first dimension in which a child outgrows its parent, by the name that callers know it
    by, and what each has of it."""

    dimension: str
    child: str
    parent: str

    def message(self, owner: str) -> str:
        return f'{self.dimension}: "{self.child}" is more than {owner} "{self.parent}".'


def within(child: Authority, parent: Authority) -> Excess | None:
    """Return None, or how `child` is more than `parent`. A no may be wrong for models whose globs
    cannot be compared with reasonable effort; a yes never is."""
    return next(filter(None, (dimension(child, parent) for dimension in _DIMENSIONS)), None)


def _scopes(child: Authority, parent: Authority) -> Excess | None:
    beyond = child.scopes - parent.scopes
    return (
        Excess(
            dimension="scopes", child=_listed(sorted(beyond)), parent=_listed(sorted(parent.scopes))
        )
        if beyond
        else None
    )


def _mode(child: Authority, parent: Authority) -> Excess | None:
    if MODES.index(child.mode) <= MODES.index(parent.mode):
        return None
    return Excess(dimension="mode", child=child.mode, parent=parent.mode)


def _models(child: Authority, parent: Authority) -> Excess | None:
    for upper in parent.models:
        if not any(globs.is_subset(lower, upper) for lower in child.models):
            lower = child.models[0] if child.models else EVERY_MODEL
            beyond = [each for each in lower if not globs.is_subset((each,), upper)]
            return Excess(dimension="models", child=_listed(beyond), parent=_listed(upper))
    return None


def _networks(child: Authority, parent: Authority) -> Excess | None:
    if networks.is_subset(child.networks, parent.networks):
        return None
    return Excess(
        dimension="networks",
        child=_listed(child.networks) or "everywhere",
        parent=_listed(parent.networks),
    )


def _end(child: Authority, parent: Authority) -> Excess | None:
    if parent.end is None or (child.end is not None and child.end <= parent.end):
        return None
    later = child.end.isoformat() if child.end else "never"
    return Excess(dimension="expires_at", child=later, parent=parent.end.isoformat())


def _projects(child: Authority, parent: Authority) -> Excess | None:
    if parent.projects is None or (
        child.projects is not None and child.projects <= parent.projects
    ):
        return None
    beyond = "all" if child.projects is None else _listed(sorted(child.projects - parent.projects))
    return Excess(dimension="project_id", child=beyond, parent=_listed(sorted(parent.projects)))


def _held_to(child: Authority, parent: Authority) -> Excess | None:
    missing = parent.held_to - child.held_to
    if not missing:
        return None
    return Excess(dimension="limits", child="none", parent=_listed(sorted(missing)))


def _listed(values: Iterable[str]) -> str:
    return ", ".join(values)


_DIMENSIONS: tuple[Callable[[Authority, Authority], Excess | None], ...] = (
    _scopes,
    _mode,
    _models,
    _networks,
    _end,
    _projects,
    _held_to,
)
