"""What a provider of chat completions signed or encrypted, and wants back unchanged: OpenRouter's
`reasoning_details` (openrouter.ai/docs/use-cases/reasoning-tokens), and what Gemini puts beside its
calls (`extra_content`, ai.google.dev/gemini-api/docs/thought-signatures).

Other dialects have no field for either. They carry it packed in a field of their own which callers
send back as it was, and from there it goes into the fields that it came from.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode

import msgspec

from tollgate_llm.dialects import reading
from tollgate_llm.dialects.translation import Json

_GROWING = ("text", "summary", "data")


class Signed(msgspec.Struct):
    """`details` are a message's `reasoning_details`, `calls` the `extra_content` of its calls by
    their ids."""

    details: list[Json] = []
    calls: dict[str, Json] = {}

    def note_details(self, message: Json) -> None:
        """Add what a message or a delta has: pieces of one index are one."""
        for piece in reading.objects(message.get("reasoning_details")):
            place = _place(piece)
            known = next((each for each in self.details if _place(each) == place), None)
            if known is None or piece.get("index") is None:
                self.details.append(dict(piece))
            else:
                _grow(known, piece)

    def note_call(self, call_id: str, extra: Json) -> None:
        if extra:
            self.calls[call_id] = extra

    def add(self, other: "Signed") -> None:
        self.details += other.details
        self.calls |= other.calls

    def take_packed(self) -> str | None:
        """Return it as one text, and begin anew; None where there is nothing."""
        if not self.details and not self.calls:
            return None
        packed = urlsafe_b64encode(msgspec.json.encode(self)).decode()
        self.details, self.calls = [], {}
        return packed


_decode = msgspec.json.Decoder(Signed).decode


def unpacked(packed: str) -> Signed | None:
    """Return what was packed; None for what nobody here has packed."""
    try:
        return _decode(urlsafe_b64decode(packed))
    except (ValueError, RecursionError):
        return None


def _place(detail: Json) -> tuple[object, object]:
    return detail.get("type"), detail.get("index")


def _grow(known: Json, piece: Json) -> None:
    for name, value in piece.items():
        if name in _GROWING and isinstance(value, str):
            known[name] = reading.text(known, name) + value
        elif value is not None:
            known[name] = value
