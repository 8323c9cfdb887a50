"""Server-sent events, and what each of them carries."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

_encode = msgspec.json.encode


class Frame(NamedTuple):
    """One event as it goes over the wire.

    `tokens` is how many output tokens it carries; `last` marks the event that ends the stream.
    """

    data: bytes
    tokens: int = 0
    last: bool = False


def unnamed(payload: dict[str, Any], tokens: int = 0) -> Frame:
    """An event without a name: chat completions."""
    return Frame(b"data: " + _encode(payload) + b"\n\n", tokens)


def named(payload: dict[str, Any], tokens: int = 0, *, last: bool = False) -> Frame:
    """An event named for its payload's `type`: responses and messages."""
    name: str = payload["type"]
    data = b"event: " + name.encode() + b"\ndata: " + _encode(payload) + b"\n\n"
    return Frame(data, tokens, last)


DONE = Frame(b"data: [DONE]\n\n", last=True)
