"""The ids that a request carries, read from its structure: never from a text, however it reads.

Most requests carry none, which their bytes tell: they are searched for a few names first. A
member's name can also be spelt with escapes, so a body with an escaped letter is decoded as well.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from tollgate_common.errors import BadRequest
from tollgate_llm.affinity.models import ProviderId
from tollgate_llm.affinity.request_fields import BY_PATH, IdField, RouteIds, StoredItem

_ESCAPED_LETTER = re.compile(rb"\\u00(?:[46][1-9A-Fa-f]|[57][0-9Aa]|5[Ff])")
ITEM_REFERENCE = "item_reference"


class _Doubled:
    """An object that names a member twice: one parser takes the first value, another the last. Both
    are read."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        self.pairs = pairs

    def all(self, name: str) -> list[Any]:
        return [value for each, value in self.pairs if each == name]


_NESTED = (dict, list, _Doubled)
_Place = tuple[Any, str | int]
"""Where a value is: the place of what it is in, None for the outermost, and its name there."""


def ids_in(path: str, body: bytes) -> tuple[ProviderId, ...]:
    """Return the ids in a JSON body of an inference route, in no particular order. Raises
    `BadRequest` for a body that may carry ids and cannot be read."""
    route = BY_PATH.get(path)
    if route is None or not _may_carry_ids(body, route):
        return ()
    return tuple(_read(_decoded(body), route))


def _may_carry_ids(body: bytes, route: RouteIds) -> bool:
    if any(needle in body for needle in route.needles):
        return True
    return b"\\u00" in body and _ESCAPED_LETTER.search(body) is not None


def _decoded(body: bytes) -> Any:
    """Decode the body; numbers are of no interest, and may be too long for an integer."""
    try:
        return json.loads(body, object_pairs_hook=_members_of, parse_int=float)
    except RecursionError:
        raise BadRequest("The body is nested too deeply.", param="body") from None
    except ValueError:
        raise BadRequest("The body is not valid JSON.", param="body", code="invalid_json") from None


def _members_of(pairs: list[tuple[str, Any]]) -> dict[str, Any] | _Doubled:
    members = dict(pairs)
    return members if len(members) == len(pairs) else _Doubled(pairs)


def _read(request: Any, route: RouteIds) -> Iterator[ProviderId]:
    for direct in _plan(route).direct:
        for at, value in _at(request, direct, ""):
            yield from _ids(at, value)
    for root, names in _plan(route).deep:
        for at, start in _at(request, root, ""):
            yield from _below(at, start, names, route.opaque)
    if route.items:
        for at, item in _at(request, ("input", "*"), ""):
            yield from _stored_item(f"{at}.id", item, route.items)


class _Plan(NamedTuple):
    """The fields of a route as they are read: paths without `**`, and for each path before a `**`
    the names below it."""

    direct: tuple[tuple[str, ...], ...]
    deep: tuple[tuple[tuple[str, ...], frozenset[str]], ...]


def _plan(route: RouteIds) -> _Plan:
    return _plan_of(route.fields)


@lru_cache
def _plan_of(fields: tuple[IdField, ...]) -> _Plan:
    direct = []
    deep: dict[tuple[str, ...], set[str]] = {}
    for field in fields:
        root, is_deep, name = field.path.partition(".**.")
        if is_deep:
            deep.setdefault(tuple(root.split(".")), set()).add(name)
        else:
            direct.append(tuple(root.split(".")))
    return _Plan(tuple(direct), tuple((root, frozenset(names)) for root, names in deep.items()))


def _at(value: Any, path: tuple[str, ...], at: str) -> Iterator[tuple[str, Any]]:
    """Yield the values at a path, each with the path that it has."""
    if not path:
        yield at, value
        return
    first, *rest = path
    for name, inner in _members(value):
        if first in ("*", name):
            yield from _at(inner, tuple(rest), _join(at, name))


def _below(
    at: str, start: Any, names: frozenset[str], opaque: frozenset[str]
) -> Iterator[ProviderId]:
    """Yield the ids in members of these names at any depth, but for what is opaque. Where a value
    is, is put together only of one that is read."""
    waiting: list[tuple[_Place, Any]] = [((None, at), start)]
    while waiting:
        place, value = waiting.pop()
        for name, inner in _members(value):
            if name in names:
                yield from _ids(_path((place, name)), inner)
            if isinstance(inner, _NESTED) and name not in opaque:
                waiting.append(((place, name), inner))


def _path(place: _Place) -> str:
    parts: list[str] = []
    at: Any = place
    while at is not None:
        at, name = at
        parts.append(str(name))
    return ".".join(reversed(parts))


def _stored_item(at: str, item: Any, items: Mapping[str, StoredItem]) -> Iterator[ProviderId]:
    """Yield the id of an item that its provider looks up. An item that says neither what it is nor
    who speaks is a reference."""
    if isinstance(item, _Doubled):
        for value in item.all("id"):
            yield from _ids(at, value)
        return
    if not isinstance(item, dict):
        return
    kind = item.get("type") or ("message" if item.get("role") else ITEM_REFERENCE)
    stored = items.get(kind) if isinstance(kind, str) else None
    if stored is not None and not any(item.get(name) for name in stored.content):
        for each in _ids(at, item.get("id")):
            yield each._replace(is_hint=stored.is_hint)


def _ids(at: str, value: Any) -> Iterator[ProviderId]:
    if isinstance(value, str) and value:
        yield ProviderId(at, value)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            if isinstance(each, str) and each:
                yield ProviderId(f"{at}.{index}", each)


def _members(value: Any) -> Iterable[tuple[str | int, Any]]:
    if isinstance(value, dict):
        return value.items()
    if isinstance(value, list):
        return enumerate(value)
    return value.pairs if isinstance(value, _Doubled) else ()


def _join(at: str, name: str | int) -> str:
    return f"{at}.{name}" if at else str(name)
