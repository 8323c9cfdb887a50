"""Strings of the format, pattern and length that a JSON schema asks for."""

from __future__ import annotations

import re
from typing import Any

from tollgate_llm.sandbox.patterns import UnsupportedPattern, matching

Json = dict[str, Any]

_BY_FORMAT = {
    "date-time": "2026-11-01T12:00:00Z",
    "date": "2026-11-01",
    "time": "12:00:00Z",
    "duration": "P1D",
    "email": "ada@example.com",
    "idn-email": "ada@example.com",
    "hostname": "example.com",
    "idn-hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uri-reference": "https://example.com/",
    "iri": "https://example.com/",
    "iri-reference": "https://example.com/",
    "uri-template": "https://example.com/{id}",
    "url": "https://example.com/",
    "uuid": "018f0000-0000-7000-8000-000000000000",
    "json-pointer": "/a",
    "relative-json-pointer": "0",
    "regex": "a*",
    "byte": "dGV4dA==",
}


def string(schema: Json, nth: int = 0) -> str:
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    if isinstance(schema.get("pattern"), str):
        return _patterned(schema["pattern"], least, most, nth)
    if schema.get("format") in _BY_FORMAT:
        return _BY_FORMAT[schema["format"]]
    mark = str(nth) if nth else ""
    text = f"text{mark}".ljust(least, "x")
    if most is None or len(text) <= most:
        return text
    return mark.rjust(most, "t")[-most:] if mark and most else text[:most]


def _patterned(pattern: str, least: int, most: int | None, nth: int) -> str:
    """The first match that is long enough, with a letter more for each repetition tried.

    A pattern that Python cannot read, or that asks for what we do not build, is not followed.
    """
    made = ""
    try:
        for more in range(nth, nth + least + 8):
            made = matching(pattern, more)
            long_enough = least <= len(made) and (most is None or len(made) <= most)
            if long_enough and re.search(pattern, made):
                return made
    except (re.error, UnsupportedPattern, OverflowError):
        return "text".ljust(least, "x")[:most]
    return made
