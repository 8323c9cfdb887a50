"""A whole answer.

What is said is one text: Anthropic's blocks of text follow each other without a space. Blocks of
tools that Anthropic runs itself are left out; nothing asks for them.
"""

from time import time
from typing import Any

import msgspec

from tollgate_llm.dialects import ids
from tollgate_llm.dialects.chat_to_messages.calls import custom_names, free_text
from tollgate_llm.dialects.chat_to_messages.ending import (
    finish_reason,
    refusal_of,
    tier_of,
    usage_of,
)
from tollgate_llm.dialects.reading import part
from tollgate_llm.dialects.translation import Json

_THOUGHTS = {"thinking": ("type", "thinking", "signature"), "redacted_thinking": ("type", "data")}


def to_completion(asked: Json, answered: Json) -> Json:
    """An answer without content raises what looking for it raises: it is no message."""
    given = part(answered, "usage")
    usage = usage_of(given)
    message = _message(answered["content"], refusal_of(answered), custom_names(asked))
    choice = {
        "index": 0,
        "message": message,
        "logprobs": None,
        "finish_reason": finish_reason(answered),
    }
    return {
        **head_of(asked, answered, "chat.completion"),
        **tier_of(given),
        "choices": [choice],
        **({"usage": usage} if usage else {}),
    }


def head_of(asked: Json, answered: Json, kind: str) -> Json:
    return {
        "id": f"chatcmpl-{ids.bare(answered['id'])}",
        "object": kind,
        "created": int(time()),
        "model": asked["model"],
    }


def encoded(value: Any) -> str:
    """A call's arguments."""
    return msgspec.json.encode(value).decode()


def _message(content: list[Json], refusal: str | None, customs: frozenset[str]) -> Json:
    text = "".join(block["text"] for block in content if block["type"] == "text")
    calls = [_call(block, customs) for block in content if block["type"] == "tool_use"]
    empty = None if calls or refusal else ""
    message: Json = {"role": "assistant", "content": text or empty, "refusal": refusal}
    if calls:
        message["tool_calls"] = calls
    return {**message, **_thoughts(content)}


def _thoughts(content: list[Json]) -> Json:
    """As text, and as the blocks that can be sent back."""
    blocks = [
        {name: block[name] for name in _THOUGHTS[block["type"]] if name in block}
        for block in content
        if block["type"] in _THOUGHTS
    ]
    text = "".join(block.get("thinking", "") for block in blocks)
    thoughts: Json = {"reasoning_content": text} if text else {}
    return {**thoughts, "thinking_blocks": blocks} if blocks else {}


def _call(block: Json, customs: frozenset[str]) -> Json:
    name, arguments = block["name"], encoded(block["input"])
    if name in customs:
        custom = {"name": name, "input": free_text(arguments)}
        return {"id": block["id"], "type": "custom", "custom": custom}
    function = {"name": name, "arguments": arguments}
    return {"id": block["id"], "type": "function", "function": function}
