"""Reasoning, which chat completions have no agreed name for, as signed thinking blocks.

Our signature names the field in which the provider gave its reasoning, so that it gets it back in
the same one; it holds the reasoning itself where the caller wants none to see. A thought with
anyone else's signature is sealed: only its own provider can go on from it.
"""

from base64 import b64decode, b64encode
from typing import NamedTuple

from tollgate_llm.dialects.messages_to_chat import reading
from tollgate_llm.dialects.translation import Json

_FIELDS = ("reasoning_content", "reasoning")
_OURS = "chat"


class Thought(NamedTuple):
    field: str
    text: str


def thought_in(given: Json) -> Thought | None:
    """Of a message or a delta; a server that names it twice says the same twice."""
    thoughts = (Thought(field, reading.text(given, field)) for field in _FIELDS)
    return next((thought for thought in thoughts if thought.text), None)


def is_hidden(asked: Json) -> bool:
    return (asked.get("thinking") or {}).get("display") == "omitted"


def signature(thought: Thought, *, hidden: bool) -> str:
    kept = b64encode(thought.text.encode()).decode() if hidden else ""
    return f"{_OURS}:{thought.field}:{kept}"


def thinking_block(thought: Thought, *, hidden: bool) -> Json:
    shown = "" if hidden else thought.text
    return {"type": "thinking", "thinking": shown, "signature": signature(thought, hidden=hidden)}


def reasoning_of(blocks: list[Json]) -> Json:
    """What an assistant's message has beside its content."""
    thoughts = [thought for thought in map(_thought, blocks) if thought]
    if not thoughts:
        return {}
    return {thoughts[0].field: "\n\n".join(thought.text for thought in thoughts)}


def _thought(block: Json) -> Thought | None:
    ours, _, rest = str(block.get("signature")).partition(":")
    field, _, kept = rest.partition(":")
    if ours != _OURS or field not in _FIELDS:
        return None
    try:
        text = b64decode(kept, validate=True).decode() or block["thinking"]
    except ValueError:
        return None
    return Thought(field, text) if text else None
