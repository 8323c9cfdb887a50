"""Which parameters of a request's address pass to its provider.

The credential there is the organisation's. Which version of a vendor's API is spoken, and which of
the vendor's accounts pays, is set up with the provider and is not for callers to choose, so only
what the vendors define for these routes passes: `beta`, which Anthropic's SDKs send. None of the
routes has another one.
"""

from typing import NamedTuple
from urllib.parse import quote, unquote_plus

PASSED = frozenset({"beta"})
MAX_NAMES = 16
MAX_NAME_CHARACTERS = 64


class Query(NamedTuple):
    """`passed` is a query string with its question mark, or empty; `dropped` are the names of what
    does not pass, as `query:NAME`."""

    passed: str = ""
    dropped: tuple[str, ...] = ()


EMPTY = Query()


def split_query(query: str) -> Query:
    """Return what passes of a query string, byte for byte and in its order, and what does not.

    A semicolon separates parameters for some servers, so nothing that has one passes."""
    if not query:
        return EMPTY
    passed: list[str] = []
    dropped: dict[str, None] = {}
    for part in query.split("&"):
        name = unquote_plus(part.partition("=")[0])
        if name in PASSED and ";" not in part:
            passed.append(part)
        elif part:
            dropped[_shown(name.partition(";")[0])] = None
    return Query("?" + "&".join(passed) if passed else "", tuple(dropped)[:MAX_NAMES])


def _shown(name: str) -> str:
    return "query:" + quote(name[:MAX_NAME_CHARACTERS], safe="[]")
