"""Tokens, counted so that anyone can count them again.

A token is one match of `\\w+|[^\\w\\s]`: a word, or a sign. A text of nothing but whitespace is one
token. No text has more tokens than UTF-8 bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice
from typing import Any

import msgspec

PART_TOKENS = 85
"""What an image, a document, a file or a recording counts for, whatever its size."""

_TOKEN = re.compile(r"\w+|[^\w\s]")
_PIECE = re.compile(r"\s*(?:\w+|[^\w\s])(?:\s+\Z)?")
_LABELS = frozenset(
    {"type", "role", "id", "call_id", "tool_call_id", "tool_use_id", "status", "cache_control"}
)
_MEDIA = frozenset(
    {"image_url", "input_image", "image", "input_audio", "file", "input_file", "document"}
)


def pieces(text: str, most: int | None = None) -> list[str]:
    """The text cut into its tokens, each with the whitespace before it; joined, it is the text.

    With `most`, only that many of them, without looking at the rest of the text.
    """
    found = [match.group() for match in islice(_PIECE.finditer(text), most)]
    return found or ([text][:most] if text else [])


def count_text(text: str) -> int:
    return len(_TOKEN.findall(text)) or (1 if text else 0)


def count_content(value: Any) -> int:
    """Tokens of a message, or of any part of one: all its strings but labels, ids and media."""
    if isinstance(value, str):
        return count_text(value)
    if isinstance(value, list):
        return sum(map(count_content, value))
    if isinstance(value, dict):
        kind = value.get("type")
        if isinstance(kind, str) and kind in _MEDIA:
            return PART_TOKENS
        return sum(count_content(part) for key, part in value.items() if key not in _LABELS)
    return 0


def count_tools(tools: Iterable[Any] | None) -> int:
    """Tokens of the offered tools: those of their compact JSON."""
    return count_text(msgspec.json.encode(list(tools)).decode()) if tools else 0
