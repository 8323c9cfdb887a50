"""Reasoning, which chat completions have no agreed name for, as signed thinking blocks.

Our signature names the field in which the provider gave its reasoning, so that it gets it back in
the same one; it holds the reasoning itself where the caller wants none to see. A thought with
anyone else's signature is left out: only its own provider can go on from it.
"""

from base64 import b64decode, b64encode
from typing import NamedTuple

from tollgate_llm.dialects import reading
from tollgate_llm.dialects.messages_to_chat.content import Placed
from tollgate_llm.dialects.messages_to_chat.fields import refuse_rest
from tollgate_llm.dialects.translation import Drops, Json

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


def reasoning_of(blocks: list[Placed], drops: Drops) -> Json:
    """What an assistant's message has beside its content."""
    thoughts = [thought for each in blocks if (thought := _thought(each, drops))]
    if not thoughts:
        return {}
    return {thoughts[0].field: "\n\n".join(thought.text for thought in thoughts)}


def _thought(each: Placed, drops: Drops) -> Thought | None:
    refuse_rest(each.block, ("type", "thinking", "signature", "data"), each.at, drops)
    thought = _ours(reading.text(each.block, "signature"), reading.text(each.block, "thinking"))
    if thought is None:
        drops.hint(f"{each.at}.{'data' if 'data' in each.block else 'thinking'}")
        return None
    return thought if thought.text else None


def _ours(signed: str, shown: str) -> Thought | None:
    whose, _, rest = signed.partition(":")
    field, _, kept = rest.partition(":")
    if whose != _OURS or field not in _FIELDS:
        return None
    try:
        return Thought(field, b64decode(kept, validate=True).decode() or shown)
    except ValueError:
        return None
