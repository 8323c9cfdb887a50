"""Estimates where a provider reports no usage: a token is four bytes of UTF-8, rounded up.

Text is every string of a prompt but labels, addresses and encoded media. Media are estimated in
`media`.
"""

import re
from typing import Any

import msgspec

BYTES_PER_TOKEN = 4
LONGEST_WORD_CHARACTERS = 1024
_ENCODED_MEDIA = re.compile(r"[A-Za-z0-9+/=_-]*\Z")
_PROMPTS = ("messages", "input", "prompt", "system", "instructions", "tools")
_LABELS = frozenset({"role", "type", "id", "call_id", "tool_call_id", "tool_use_id", "url"})


def tokens_of(text_bytes: int) -> int:
    """Return the estimate of a text's tokens."""
    return -(-text_bytes // BYTES_PER_TOKEN)


def estimate_input(body: bytes) -> int:
    """Return the estimate of a request's input tokens; of a body that cannot be read, all bytes
    count."""
    try:
        request = msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return tokens_of(len(body))
    waiting: list[Any] = []
    if isinstance(request, dict):
        waiting = [request.get(name) for name in _PROMPTS]
    text_bytes = 0
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            text_bytes += len(item.encode()) if _is_text(item) else 0
        elif isinstance(item, list):
            waiting += item
        elif isinstance(item, dict):
            waiting += [value for name, value in item.items() if name not in _LABELS]
    return tokens_of(text_bytes)


def _is_text(item: str) -> bool:
    if item.startswith("data:") and ";base64," in item[:128]:
        return False
    return len(item) < LONGEST_WORD_CHARACTERS or _ENCODED_MEDIA.match(item) is None
