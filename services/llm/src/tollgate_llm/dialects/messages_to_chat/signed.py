"""What a provider signed or encrypted, and wants back unchanged: OpenRouter's `reasoning_details`
(openrouter.ai/docs/use-cases/reasoning-tokens), and what Gemini puts beside its calls
(`extra_content`, ai.google.dev/gemini-api/docs/thought-signatures).

Messages have no field for either. They come as one `redacted_thinking` block, which callers send
back as it was, and go into the fields that they came from.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable

import msgspec

from tollgate_llm.dialects import reading
from tollgate_llm.dialects.translation import Json

_OURS = "chat:signed:"
_GROWING = ("text", "summary", "data")


class Signed(msgspec.Struct):
    """`details` are a message's `reasoning_details`, `calls` the `extra_content` of its calls by
    their ids."""

    details: list[Json] = []
    calls: dict[str, Json] = {}

    def note_details(self, message: Json) -> None:
        """Add what a message or a delta has: pieces of one index are one."""
        for piece in reading.objects(message.get("reasoning_details")):
            place = (piece.get("type"), piece.get("index"))
            known = next((each for each in self.details if _place(each) == place), None)
            if known is None or piece.get("index") is None:
                self.details.append(dict(piece))
            else:
                _grow(known, piece)

    def note_call(self, call_id: str, extra: Json) -> None:
        if extra:
            self.calls[call_id] = extra

    def taken(self) -> Json | None:
        """Return it as a block, and begin anew; None where there is nothing."""
        if not self.details and not self.calls:
            return None
        data = _OURS + urlsafe_b64encode(msgspec.json.encode(self)).decode()
        self.details, self.calls = [], {}
        return {"type": "redacted_thinking", "data": data}


_decode = msgspec.json.Decoder(Signed).decode


def is_signed(block: Json) -> bool:
    """Return whether a block is one of these."""
    return reading.text(block, "data").startswith(_OURS)


def signed_in(blocks: Iterable[Json]) -> Signed:
    """Return what the blocks of one message hold; what nobody can read holds nothing."""
    signed = Signed()
    for block in blocks:
        data = reading.text(block, "data")
        if not data.startswith(_OURS):
            continue
        try:
            unpacked = _decode(urlsafe_b64decode(data.removeprefix(_OURS)))
        except (ValueError, RecursionError):
            continue
        signed.details += unpacked.details
        signed.calls |= unpacked.calls
    return signed


def _place(detail: Json) -> tuple[object, object]:
    return detail.get("type"), detail.get("index")


def _grow(known: Json, piece: Json) -> None:
    for name, value in piece.items():
        if name in _GROWING and isinstance(value, str):
            known[name] = reading.text(known, name) + value
        elif value is not None:
            known[name] = value
