"""Thoughts that their provider wants back as they were: `thinking_blocks` and what else it signed
in chat completions, and in responses what they have for it, a reasoning item's `encrypted_content`.

Here it is not encrypted but packed: the signatures are the provider's to check.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode

import msgspec

from tollgate_llm.dialects import reading, signed
from tollgate_llm.dialects.signed import Signed
from tollgate_llm.dialects.translation import Json

_MARK = "tollgate."
_SIGNED = "tollgate-signed."
_PIECES = ("thinking", "signature", "data")
_NEEDED = {"thinking": ("thinking", "signature"), "redacted_thinking": ("data",)}


class Thoughts:
    """The blocks of one reasoning item as they grow."""

    def __init__(self) -> None:
        self._blocks: dict[int, Json] = {}

    def add(self, pieces: list[Json]) -> None:
        """In a whole message nothing is numbered."""
        for position, piece in enumerate(pieces):
            number = reading.number(piece, "index", position)
            block = self._blocks.setdefault(number, dict.fromkeys(_PIECES, ""))
            block["type"] = reading.text(piece, "type") or block.get("type")
            for name in _PIECES:
                block[name] += reading.text(piece, name)

    def packed(self) -> str | None:
        """None where there is nothing that could be sent back: a thought that was cut off has no
        signature."""
        blocks = [
            {"type": block["type"], **{name: block[name] for name in _NEEDED[block["type"]]}}
            for block in self._blocks.values()
            if block["type"] in _NEEDED and (block["signature"] or block["data"])
        ]
        if not blocks:
            return None
        return _MARK + urlsafe_b64encode(msgspec.json.encode(blocks)).decode()


def signed_content(parts: Signed) -> str:
    """Take what else is signed as the content of an item of its own."""
    return _SIGNED + (parts.take_packed() or "")


def signed_in(content: str) -> Signed | None:
    """Return what an item holds of that; None for what was packed by nobody here."""
    return signed.unpacked(content.removeprefix(_SIGNED)) if content.startswith(_SIGNED) else None


def unpacked(content: str) -> list[Json] | None:
    """The blocks; None for what was packed by nobody here."""
    try:
        found = msgspec.json.decode(urlsafe_b64decode(content.removeprefix(_MARK)))
    except (ValueError, RecursionError):
        return None
    return reading.objects(found) if content.startswith(_MARK) else None
