"""What comes before the text of a message in which the vendor's own tools and models had a part,
whole or as the events of a stream. Names and shapes are those of the SDK's beta blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import msgspec

from tollgate_llm.sandbox import specials
from tollgate_llm.sandbox.asks import Json
from tollgate_llm.sandbox.calls import Reply
from tollgate_llm.sandbox.specials import SECOND_MODEL, Special
from tollgate_llm.sandbox.sse import Frame, named

SUMMARY = "Summary of the conversation so far."
ADVICE = "Go on as planned."


def leading_blocks(reply: Reply) -> list[Json]:
    special = reply.special
    if special is Special.COMPACTION:
        return [{"type": "compaction", "content": SUMMARY}]
    if special is Special.FALLBACK:
        return [_handover(reply)]
    if special is Special.ADVISOR:
        advice = {"type": "advisor_result", "text": ADVICE, "stop_reason": "end_turn"}
        return _use("advisor", {}, "advisor_tool_result", advice)
    if special is Special.FEES:
        searches = [_search(number) for number in range(specials.SEARCHES)]
        return [block for search in searches for block in search]
    return []


def leading_frames(reply: Reply) -> Iterator[Frame]:
    for index, block in enumerate(leading_blocks(reply)):
        opening, delta = _opening(block)
        yield named({"type": "content_block_start", "index": index, "content_block": opening})
        if delta is not None:
            yield named({"type": "content_block_delta", "index": index, "delta": delta})
        yield named({"type": "content_block_stop", "index": index})


def _opening(block: Json) -> tuple[Json, Json | None]:
    """Return the block as a stream begins it, and the delta that completes it, if one does."""
    if block["type"] == "compaction":
        opening = {"type": "compaction", "content": None}
        return opening, {"type": "compaction_delta", "content": block["content"]}
    if block["type"] == "server_tool_use" and block["input"]:
        made = msgspec.json.encode(block["input"]).decode()
        return {**block, "input": {}}, {"type": "input_json_delta", "partial_json": made}
    return block, None


def _handover(reply: Reply) -> Json:
    return {
        "type": "fallback",
        "from": {"model": reply.ask.model},
        "to": {"model": SECOND_MODEL},
        "trigger": {"type": "refusal", "category": "general_harms"},
    }


def _search(number: int) -> list[Json]:
    result = {
        "type": "web_search_result",
        "url": f"https://example.com/{number}",
        "title": f"Result {number}",
        "encrypted_content": "c2FuZGJveA==",
        "page_age": None,
    }
    return _use("web_search", {"query": f"query {number}"}, "web_search_tool_result", [result])


def _use(name: str, made: Json, kind: str, content: Any) -> list[Json]:
    """Return the use of a server tool, and its result."""
    use_id = f"srvtoolu_{uuid4().hex[:24]}"
    return [
        {"type": "server_tool_use", "id": use_id, "name": name, "input": made},
        {"type": kind, "tool_use_id": use_id, "content": content},
    ]
