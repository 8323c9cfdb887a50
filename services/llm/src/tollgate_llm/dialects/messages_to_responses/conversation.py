"""The system prompt and the messages → `instructions` and the items of `input`.

What is a block of a turn there is an item here, in the same order: texts in a row are one message,
each call and each result is an item of its own, and so is each thought.
"""

import json
from collections.abc import Callable, Iterable, Iterator

from tollgate_llm.dialects.messages_to_chat.content import Placed, placed, text_of
from tollgate_llm.dialects.messages_to_chat.conversation import turns_of
from tollgate_llm.dialects.messages_to_chat.fields import refuse_rest
from tollgate_llm.dialects.messages_to_responses.content import parts_of, plain
from tollgate_llm.dialects.messages_to_responses.thoughts import reasoning_item
from tollgate_llm.dialects.tool_names import shortened
from tollgate_llm.dialects.translation import Drops, Json

_SEARCHED = ("server_tool_use", "web_search_tool_result")


def conversation_of(request: Json, drops: Drops) -> Json:
    turns = list(turns_of(request, drops))
    instructions: Json = {}
    if turns and turns[0].role == "system":
        texts = _texts(turns.pop(0).blocks, "a system message", drops)
        instructions = {"instructions": "\n\n".join(texts)}
    items = [item for turn in turns for item in _TURNS[turn.role](turn.blocks, drops)]
    return {**instructions, "input": items}


def _texts(blocks: Iterable[Placed], speaker: str, drops: Drops) -> list[str]:
    return [part["text"] for each in blocks for part in text_of(each, speaker, drops)]


def _system(blocks: list[Placed], drops: Drops) -> Iterator[Json]:
    texts = _texts(blocks, "a system message", drops)
    if texts:
        yield {"role": "system", "content": "\n\n".join(texts)}


def _user(blocks: list[Placed], drops: Drops) -> Iterator[Json]:
    """Results come first, as callers have to give them."""
    others = []
    for each in blocks:
        if each.block["type"] == "tool_result":
            yield _result(each, drops)
        else:
            others.append(each)
    parts = parts_of(others, drops)
    if parts:
        yield {"role": "user", "content": plain(parts)}


def _assistant(blocks: list[Placed], drops: Drops) -> Iterator[Json]:
    """A thought that led to nothing is left out: OpenAI refuses it without what followed."""
    items: list[Json] = []
    for each in blocks:
        kind = each.block["type"]
        if kind == "tool_use":
            items.append(_call(each, drops))
        elif kind in ("thinking", "redacted_thinking"):
            items += reasoning_item(each, drops)
        elif kind in _SEARCHED:
            drops.hint(f"{each.at}.{kind}")
        else:
            _say(items, _texts([each], "the assistant", drops))
    while items and items[-1].get("type") == "reasoning":
        items.pop()
    yield from items


def _say(items: list[Json], texts: list[str]) -> None:
    """Add texts to the message that is under way, or begin one."""
    parts = [{"type": "output_text", "text": text} for text in texts]
    if items and items[-1].get("role") == "assistant":
        items[-1]["content"] += parts
    elif parts:
        items.append({"role": "assistant", "content": parts})


def _call(each: Placed, drops: Drops) -> Json:
    block = each.block
    refuse_rest(block, ("type", "id", "name", "input"), each.at, drops)
    return {
        "type": "function_call",
        "call_id": block["id"],
        "name": shortened(block["name"]),
        "arguments": json.dumps(block["input"], ensure_ascii=False),
    }


def _result(each: Placed, drops: Drops) -> Json:
    block = each.block
    refuse_rest(block, ("type", "tool_use_id", "content", "is_error"), each.at, drops)
    parts = parts_of(placed(block.get("content"), f"{each.at}.content"), drops)
    if block.get("is_error"):
        parts.insert(0, {"type": "input_text", "text": "Error:"})
    output: str | list[Json] = parts
    if all(part["type"] == "input_text" for part in parts):
        output = "\n".join(part["text"] for part in parts)
    return {"type": "function_call_output", "call_id": block["tool_use_id"], "output": output}


_TURNS: dict[str, Callable[[list[Placed], Drops], Iterator[Json]]] = {
    "system": _system,
    "user": _user,
    "assistant": _assistant,
}
