"""The members of a request's body, each of which must be there once.

Of two members with one name some parsers take the first, others the last (RFC 8259, section 4).
What is read here (model, caps, what the exact cache goes by) must be what the provider reads, so a
body that has a member twice is refused. Deeper objects are not looked at here, which would cost as
much as the provider's own reading: whoever reads one has to. Limits on tokens bound nothing of a
body with a member twice at any depth, ids are read from both, and the cache goes by the bytes then.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from tollgate_common.errors import BadRequest

MAX_MEMBERS = 1000
MAX_SHOWN_CHARACTERS = 100
READ_INSIDE = ("stream_options",)
"""Members of which llm reads what is in them on every call."""

_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_encode = msgspec.json.Encoder().encode
_NAME = re.compile(
    rb'[ \t\n\r]*+[{,][ \t\n\r]*+("[^"\\]*+(?:\\.[^"\\]*+)*+")[ \t\n\r]*+:[ \t\n\r]*+'
)
_END = re.compile(rb"[ \t\n\r]*+\}")


class DuplicateMember(BadRequest):
    """A body has a member twice."""

    code = "duplicate_member"

    def __init__(self, name: str) -> None:
        shown = name[:MAX_SHOWN_CHARACTERS]
        super().__init__(f"`{shown}` is in the body twice.", param=shown)


def unique_members(body: bytes) -> Mapping[str, msgspec.Raw]:
    """Return the members of a body that is an object, their values as they are written. Raises
    `DuplicateMember`, and msgspec's errors for what is no JSON object."""
    members = _decode(body)
    if len(members) > MAX_MEMBERS:
        raise BadRequest(f"The body has more than {MAX_MEMBERS} members.", param="body")
    # SDKs write no space between members, which is how an encoder would write these again.
    if _encode(members) != body and (name := _duplicate(body, members)) is not None:
        raise DuplicateMember(name)
    for name in READ_INSIDE:
        if name in members:
            _check_inside(name, members[name])
    return members


def _duplicate(body: bytes, members: Mapping[str, msgspec.Raw]) -> str | None:
    """Return the name of a member that is there twice.

    The decoder has each name at its first place, with its last value. So where one follows the
    other in the body as it does there, to the closing brace, there is no other member."""
    at, name = 0, ""
    for name, value in members.items():
        match = _NAME.match(body, at)
        if match is None:
            return name
        if (written := _text(match[1])) != name:
            return written
        text, at = bytes(value), match.end()
        if not body.startswith(text, at):
            return name
        at += len(text)
    if _END.match(body, at) is not None or not members:
        return None
    match = _NAME.match(body, at)
    return _text(match[1]) if match else name


def _text(quoted: bytes) -> str:
    return msgspec.json.decode(quoted, type=str) if b"\\" in quoted else quoted[1:-1].decode()


def _check_inside(name: str, value: msgspec.Raw) -> None:
    """Raise `DuplicateMember` where an object in the member has a member twice, at any depth."""

    def check(pairs: list[tuple[str, Any]]) -> None:
        seen = set()
        for inner, _ in pairs:
            if inner in seen:
                raise DuplicateMember(f"{name}.{inner}")
            seen.add(inner)

    try:
        json.loads(bytes(value), object_pairs_hook=check, parse_int=float)
    except ValueError:
        raise msgspec.DecodeError from None
