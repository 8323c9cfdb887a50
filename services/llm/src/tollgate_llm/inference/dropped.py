"""`x-tollgate-dropped-params`: what of a request its provider was not sent."""

from collections.abc import Iterable

from flask import Response

from tollgate_common.header_text import printable_header

DROPPED = "x-tollgate-dropped-params"
MAX_CHARACTERS = 4096
"""Of the header. Names are the caller's, and clients refuse an answer whose headers are long."""
MORE = "..."


def dropped_text(names: Iterable[str]) -> str:
    """Return the names as the header has them; those that have no room are `...`."""
    text = printable_header(", ".join(names))
    if len(text) <= MAX_CHARACTERS:
        return text
    end = text.rfind(",", 0, MAX_CHARACTERS - len(MORE))
    return text[: end + 1] + MORE


def with_dropped(response: Response, names: tuple[str, ...]) -> Response:
    """Return the response, whose header lists these names as well."""
    if names:
        before = response.headers.get(DROPPED)
        response.headers[DROPPED] = dropped_text([before, *names] if before else names)
    return response
