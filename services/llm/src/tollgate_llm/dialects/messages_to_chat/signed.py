"""What a provider signed, in messages: one `redacted_thinking` block."""

from collections.abc import Iterable

from tollgate_llm.dialects import reading
from tollgate_llm.dialects.signed import Signed, unpacked
from tollgate_llm.dialects.translation import Json

_OURS = "chat:signed:"


def signed_block(signed: Signed) -> Json | None:
    """Take what is signed as a block; None where nothing is."""
    packed = signed.take_packed()
    return None if packed is None else {"type": "redacted_thinking", "data": _OURS + packed}


def is_signed(block: Json) -> bool:
    """Return whether a block is one of these."""
    return reading.text(block, "data").startswith(_OURS)


def signed_in(blocks: Iterable[Json]) -> Signed:
    """Return what the blocks of one message hold; what nobody can read holds nothing."""
    signed = Signed()
    for block in filter(is_signed, blocks):
        if part := unpacked(block["data"].removeprefix(_OURS)):
            signed.add(part)
    return signed
