"""Edits to a JSON body that leave every other byte as it was.

A body is scanned for the members of its outermost object, never decoded and encoded again: what
a re-encoding would change (spacing, order, escapes, numbers, duplicates) belongs to the caller.
The body has been decoded once before, so it is known to be one whole JSON object.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\],:]', re.DOTALL)
_MODEL = re.compile(rb'(?<!\\)"model"[ \t\n\r]*:[ \t\n\r]*("(?:[^"\\]|\\.)*")')
_SPACE = b" \t\n\r"
_USAGE_ASKED = b'{"include_usage":true}'


class Member(NamedTuple):
    """One member of an object: its name, and where its value begins and ends."""

    name: str
    start: int
    end: int


def members(body: bytes, begin: int = 0) -> Iterator[Member]:
    """The members of the object that is the first thing at or after `begin`, duplicates too."""
    depth, name, start = 0, None, 0
    text: bytes | None = None
    for token in _TOKEN.finditer(body, begin):
        sign = token.group()
        if sign[0] == 0x22:
            text = sign
        elif sign == b":" and depth == 1 and name is None and text is not None:
            name, start = msgspec.json.decode(text, type=str), token.end()
        elif sign in (b"{", b"["):
            depth += 1
        elif sign == b"," and depth == 1:
            if name is not None:
                yield _trimmed(body, name, start, token.start())
            name = None
        elif sign in (b"}", b"]"):
            depth -= 1
            if depth == 0:
                if name is not None:
                    yield _trimmed(body, name, start, token.start())
                return


def _trimmed(body: bytes, name: str, start: int, end: int) -> Member:
    while body[start] in _SPACE:
        start += 1
    while body[end - 1] in _SPACE:
        end -= 1
    return Member(name, start, end)


def with_model(body: bytes, model: str) -> bytes:
    """The body asking for another model. Every member of that name is replaced, so that no parser
    can choose one that was not checked; without any, it gets one."""
    value = msgspec.json.encode(model)
    if (only := _only_model(body)) is not None:
        return body[: only.start(1)] + value + body[only.end(1) :]
    inner = list(members(body))
    named = [member for member in inner if member.name == "model"]
    if named:
        return _replaced(body, named, value)
    brace = body.index(b"{") + 1
    return body[:brace] + b'"model":' + value + (b"," if inner else b"") + body[brace:]


def _only_model(body: bytes) -> re.Match[bytes] | None:
    """The outermost `model`, where these bytes can be nothing else: they are there once, nothing in
    the body can be spelt another way, and only the outermost brace is before them. A
    quotation mark that is part of a text has a backslash before it."""
    if b"\\u" in body or body.count(b'"model"') != 1:
        return None
    found = _MODEL.search(body)
    return found if found and body.count(b"{", 0, found.start()) == 1 else None


def with_usage_asked(body: bytes, has_options: bool) -> bytes:
    """A streaming chat completion's body that asks for usage. `has_options`: it has a member
    `stream_options`, though that does not ask."""
    if not has_options:
        brace = body.index(b"{") + 1
        return body[:brace] + b'"stream_options":' + _USAGE_ASKED + b"," + body[brace:]
    found = [member for member in members(body) if member.name == "stream_options"]
    for member in reversed(found):
        value = body[member.start : member.end]
        body = body[: member.start] + _asking(value) + body[member.end :]
    return body


def _asking(options: bytes) -> bytes:
    if not options.startswith(b"{"):
        return _USAGE_ASKED if options == b"null" else options
    inner = list(members(options))
    asked = [member for member in inner if member.name == "include_usage"]
    if asked:
        return _replaced(options, asked, b"true")
    rest = b"," + options[1:] if inner else options[1:]
    return b'{"include_usage":true' + rest


def with_cap(body: bytes, name: str, names: tuple[str, ...], most: int) -> bytes:
    """A body without a cap on its output, with one: in the place of what it has by any of the
    names, which caps nothing (null, or no number above zero), else by `name`."""
    value = b"%d" % most
    spelt = b"\\u" in body or any(b'"%s"' % other.encode() in body for other in names)
    named = [member for member in members(body) if member.name in names] if spelt else []
    if named:
        return _replaced(body, named, value)
    brace = body.index(b"{") + 1
    return body[:brace] + b'"%s":%s,' % (name.encode(), value) + body[brace:]


def _replaced(body: bytes, places: list[Member], value: bytes) -> bytes:
    for place in reversed(places):
        body = body[: place.start] + value + body[place.end :]
    return body
