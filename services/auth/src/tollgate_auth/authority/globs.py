"""Whether every name that some globs match is matched by some other globs, too.

Globs are `fnmatch`'s, whatever their case, as `tollgate_common.principal.covers` applies them. Both
sides are read as automata over a small alphabet: ASCII, and one character for all others, which no
pattern of ours can tell apart. The answer is exact up to `MAX_STATES`, and no beyond them.
"""

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import NamedTuple

from tollgate_common.principal import folded

MAX_STATES = 2_000
OTHER = "\N{SNOWMAN}"
ALPHABET = (*map(chr, range(128)), OTHER)
Place = tuple[int, int]


class Token(NamedTuple):
    """A part of a glob: the characters it takes one of, or (`repeats`) any number of."""

    characters: frozenset[str]
    repeats: bool


ANY = frozenset(ALPHABET)
Glob = tuple[Token, ...]


@lru_cache(maxsize=10_000)
def is_subset(child: tuple[str, ...], parent: tuple[str, ...]) -> bool:
    """Return whether each name that matches one of `child` matches one of `parent`."""
    if set(child) <= set(parent) or "*" in parent:
        return True
    if not all(pattern.isascii() for pattern in (*child, *parent)):
        return False
    upper = [_tokens(folded(pattern)) for pattern in parent]
    return all(_is_matched(_tokens(folded(pattern)), upper) for pattern in child)


def _is_matched(glob: Glob, upper: list[Glob]) -> bool:
    """Follow both sides through every name that `glob` matches."""
    characters = _representatives([glob, *upper])
    first = (_closure([(0, 0)], [glob]), _closure([(each, 0) for each in range(len(upper))], upper))
    waiting, known = [first], {first}
    while waiting:
        lower_places, upper_places = waiting.pop()
        if _accepts(lower_places, [glob]) and not _accepts(upper_places, upper):
            return False
        for character in characters:
            lower = _step(lower_places, [glob], character)
            following = (lower, _step(upper_places, upper, character))
            if lower and following not in known:
                if len(known) >= MAX_STATES:
                    return False
                known.add(following)
                waiting.append(following)
    return True


def _tokens(pattern: str) -> Glob:
    return tuple(
        Token(ANY, repeats=True) if part == "*" else Token(_characters(part), repeats=False)
        for part in _parts(pattern)
    )


@lru_cache(maxsize=1_000)
def _characters(part: str) -> frozenset[str]:
    return frozenset(character for character in ALPHABET if fnmatchcase(character, part))


def _parts(pattern: str) -> Iterator[str]:
    """The pattern cut as `fnmatch` reads it: a bracket that does not close is a character."""
    start = 0
    while start < len(pattern):
        end = _bracket_end(pattern, start) if pattern[start] == "[" else start + 1
        yield pattern[start:end]
        start = end


def _bracket_end(pattern: str, start: int) -> int:
    inside = start + 1
    inside += pattern[inside : inside + 1] == "!"
    inside += pattern[inside : inside + 1] == "]"
    closing = pattern.find("]", inside)
    return start + 1 if closing < 0 else closing + 1


def _representatives(globs: list[Glob]) -> list[str]:
    """One character of each kind that the globs tell apart."""
    kinds = list({token.characters for glob in globs for token in glob})
    return list({tuple(each in kind for kind in kinds): each for each in ALPHABET}.values())


def _closure(places: Iterable[Place], globs: list[Glob]) -> frozenset[Place]:
    """The places, and those that are reached by a `*` that takes nothing."""
    reached = set()
    for number, at in places:
        reached.add((number, at))
        while at < len(globs[number]) and globs[number][at].repeats:
            at += 1
            reached.add((number, at))
    return frozenset(reached)


def _step(places: frozenset[Place], globs: list[Glob], character: str) -> frozenset[Place]:
    following = [
        (number, at if globs[number][at].repeats else at + 1)
        for number, at in places
        if at < len(globs[number]) and character in globs[number][at].characters
    ]
    return _closure(following, globs)


def _accepts(places: frozenset[Place], globs: list[Glob]) -> bool:
    return any(at == len(globs[number]) for number, at in places)
