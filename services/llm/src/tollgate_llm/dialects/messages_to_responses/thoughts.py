"""Reasoning items ↔ thinking blocks, whose signature is the item's id and its encrypted content.

The id is percent-encoded, so that the first colon after it ends it. A thought with anyone else's
signature is left out: only its own provider can go on from it. So is one that came unencrypted,
which the provider could only find by its id, had it been stored.
"""

from collections.abc import Iterator
from urllib.parse import quote, unquote

from tollgate_llm.dialects import reading
from tollgate_llm.dialects.messages_to_chat.content import Placed
from tollgate_llm.dialects.messages_to_chat.fields import refuse_rest
from tollgate_llm.dialects.translation import Drops, Json

_OURS = "responses"
BETWEEN = "\n\n"
"""What stands between two parts of a summary."""


def thought_of(item: Json) -> str:
    """Return what an item shows of the reasoning: its summary, or else all of it."""
    for name in ("summary", "content"):
        texts = [reading.text(part, "text") for part in reading.objects(item.get(name))]
        if any(texts):
            return BETWEEN.join(filter(None, texts))
    return ""


def signature(item: Json) -> str:
    item_id, encrypted = reading.text(item, "id"), reading.text(item, "encrypted_content")
    return f"{_OURS}:{quote(item_id, safe='')}:{encrypted}"


def thinking_block(item: Json, *, hidden: bool) -> Json | None:
    """Return the block; None for an item that has nothing to show or to send back."""
    thought = "" if hidden else thought_of(item)
    if not thought and not reading.text(item, "encrypted_content"):
        return None
    return {"type": "thinking", "thinking": thought, "signature": signature(item)}


def reasoning_item(each: Placed, drops: Drops) -> Iterator[Json]:
    """Yield the item that a thinking block was made of, if this provider can go on from it."""
    refuse_rest(each.block, ("type", "thinking", "signature", "data"), each.at, drops)
    whose, _, rest = reading.text(each.block, "signature").partition(":")
    item_id, _, encrypted = rest.partition(":")
    if whose != _OURS or not encrypted:
        drops.hint(f"{each.at}.{'data' if 'data' in each.block else 'thinking'}")
        return
    thought = reading.text(each.block, "thinking")
    summary = [{"type": "summary_text", "text": thought}] if thought else []
    yield {
        "type": "reasoning",
        "id": unquote(item_id),
        "summary": summary,
        "encrypted_content": encrypted,
    }
