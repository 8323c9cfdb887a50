"""What is said in one turn → messages.

A user's turn gives the results of calls first, as both dialects insist. The assistant's turn is one
message, however many blocks it has.
"""

import json
from collections.abc import Iterable, Iterator

from tollgate_llm.dialects.messages_to_chat.content import (
    Placed,
    parts_of,
    placed,
    plain,
    text_of,
    text_part,
)
from tollgate_llm.dialects.messages_to_chat.fields import refuse_rest
from tollgate_llm.dialects.messages_to_chat.signed import is_signed, signed_in
from tollgate_llm.dialects.messages_to_chat.thoughts import reasoning_of
from tollgate_llm.dialects.signed import Signed
from tollgate_llm.dialects.tool_names import shortened
from tollgate_llm.dialects.translation import Drops, Json


def system_turn(blocks: Iterable[Placed], drops: Drops) -> Iterator[Json]:
    texts = [text for each in blocks for text in text_of(each, "a system message", drops)]
    if texts:
        yield {"role": "system", "content": plain(texts)}


def user_turn(blocks: Iterable[Placed], drops: Drops) -> Iterator[Json]:
    parts = []
    for each in blocks:
        if each.block["type"] == "tool_result":
            message, shown = _result(each, drops)
            yield message
            parts += shown
        else:
            parts += parts_of([each], drops)
    if parts:
        yield {"role": "user", "content": plain(parts)}


def assistant_turn(blocks: Iterable[Placed], drops: Drops) -> Iterator[Json]:
    """None for thoughts that led to nothing."""
    texts: list[Json] = []
    calls: list[Json] = []
    thoughts: list[Placed] = []
    blocks = list(blocks)
    signed = signed_in(each.block for each in blocks)
    for each in blocks:
        if is_signed(each.block):
            continue
        if each.block["type"] == "tool_use":
            calls.append(_call(each, signed, drops))
        elif each.block["type"] in ("thinking", "redacted_thinking"):
            thoughts.append(each)
        else:
            texts += text_of(each, "the assistant", drops)
    message: Json = {"role": "assistant", "content": plain(texts)}
    if calls:
        message |= {"content": message["content"] or None, "tool_calls": calls}
    message |= reasoning_of(thoughts, drops)
    message |= {"reasoning_details": signed.details} if signed.details else {}
    if texts or calls:
        yield message


def _call(each: Placed, signed: Signed, drops: Drops) -> Json:
    block = each.block
    refuse_rest(block, ("type", "id", "name", "input"), each.at, drops)
    arguments = json.dumps(block["input"], ensure_ascii=False)
    function = {"name": shortened(block["name"]), "arguments": arguments}
    call = {"id": block["id"], "type": "function", "function": function}
    extra = signed.calls.get(block["id"])
    return {**call, "extra_content": extra} if extra else call


def _result(each: Placed, drops: Drops) -> tuple[Json, list[Json]]:
    """A tool's message is one string, all that many servers take there. What else the tool gave,
    the user shows after the last of the results, which must not be parted from the calls."""
    block, call_id = each.block, each.block["tool_use_id"]
    refuse_rest(block, ("type", "tool_use_id", "content", "is_error"), each.at, drops)
    parts = parts_of(placed(block.get("content"), f"{each.at}.content"), drops)
    texts = ["Error:"] if block.get("is_error") else []
    texts += [part["text"] for part in parts if part["type"] == "text"]
    shown = [part for part in parts if part["type"] != "text"]
    if shown:
        shown.insert(0, text_part(f"From the tool call {call_id}:"))
    return {"role": "tool", "tool_call_id": call_id, "content": "\n".join(texts)}, shown
