"""Generated responses and their streams, for the translation of messages to responses."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from tests.llm.dialects.messages_to_chat_cases import COUNTS, INPUTS, NAMES, WORDS, pieces

Json = dict[str, Any]
USAGES = st.builds(
    lambda read, wrote, cached, written, thought: {
        "input_tokens": read + cached + written,
        "input_tokens_details": {"cached_tokens": cached, "cache_write_tokens": written},
        "output_tokens": wrote + thought,
        "output_tokens_details": {"reasoning_tokens": thought},
        "total_tokens": read + cached + written + wrote + thought,
    },
    COUNTS,
    COUNTS,
    COUNTS,
    COUNTS,
    COUNTS,
)
ENDINGS: list[Json] = [
    {"status": "completed", "incomplete_details": None},
    {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}},
    {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}},
]


def spoken(text: str) -> Json:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


@st.composite
def items(draw: st.DrawFn, number: int) -> Json:
    kind = draw(st.sampled_from(["reasoning", "message", "refusal", "function_call"]))
    if kind == "reasoning":
        summary = [{"type": "summary_text", "text": each} for each in draw(st.lists(WORDS))]
        encrypted = draw(st.none() | st.just("gAAAA=="))
        return {
            "type": "reasoning",
            "id": f"rs_{number}",
            "summary": summary,
            "encrypted_content": encrypted,
        }
    if kind == "function_call":
        arguments = json.dumps(draw(INPUTS), ensure_ascii=False)
        return {
            "type": "function_call",
            "id": f"fc_{number}",
            "call_id": f"call_{number}",
            "name": draw(NAMES),
            "arguments": arguments,
            "status": "completed",
        }
    parts = [spoken(each) for each in draw(st.lists(WORDS, max_size=2))]
    if kind == "refusal":
        parts = [{"type": "refusal", "refusal": draw(WORDS)}]
    return {
        "type": "message",
        "id": f"msg_{number}",
        "role": "assistant",
        "content": parts,
        "status": "completed",
    }


@st.composite
def responses(draw: st.DrawFn) -> Json:
    return {
        "id": draw(st.sampled_from(["resp_1", "odd"])),
        "object": "response",
        "created_at": 1,
        "model": "big-2026",
        "service_tier": draw(st.sampled_from(["default", "priority", "flex"])),
        "output": [draw(items(number)) for number in range(draw(st.integers(0, 4)))],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "error": None,
        "usage": draw(USAGES),
        **draw(st.sampled_from(ENDINGS)),
    }


@st.composite
def item_events(draw: st.DrawFn, item: Json, at: int) -> list[Json]:
    where: Json = {"item_id": item["id"], "output_index": at}
    begun = {**item, "status": "in_progress"}
    events = []
    if item["type"] == "reasoning":
        begun = {**item, "summary": [], "encrypted_content": "half"}
        for number, part in enumerate(item["summary"]):
            named = {**where, "summary_index": number}
            events += [
                {"type": "response.reasoning_summary_text.delta", **named, "delta": piece}
                for piece in draw(pieces(part["text"]))
            ]
    elif item["type"] == "function_call":
        begun = {**begun, "arguments": ""}
        events += [
            {"type": "response.function_call_arguments.delta", **where, "delta": piece}
            for piece in draw(pieces(item["arguments"]))
        ]
    else:
        begun = {**begun, "content": []}
        for number, part in enumerate(item["content"]):
            kind, text = ("refusal", "refusal") if "refusal" in part else ("output_text", "text")
            named = {**where, "content_index": number}
            events += [
                {"type": f"response.{kind}.delta", **named, "delta": piece}
                for piece in draw(pieces(part[text]))
            ]
    added = {"type": "response.output_item.added", "output_index": at, "item": begun}
    done = {"type": "response.output_item.done", "output_index": at, "item": item}
    return [added, *events, done]


@st.composite
def streams(draw: st.DrawFn, response: Json) -> list[Json]:
    """The response as events; it may leave out the output of its last one."""
    begun: Json = {**response, "status": "in_progress", "output": [], "usage": None}
    begun |= {"incomplete_details": None}
    events = [
        {"type": f"response.{kind}", "response": begun} for kind in ("created", "in_progress")
    ]
    for at, item in enumerate(response["output"]):
        events += draw(item_events(item, at))
    last = response if draw(st.booleans()) else {**response, "output": []}
    ending = {"type": f"response.{response['status']}", "response": last}
    return [{**event, "sequence_number": number} for number, event in enumerate([*events, ending])]


BOTH = responses().flatmap(lambda response: st.tuples(st.just(response), streams(response)))


def response(*output: Json, **more: Any) -> Json:
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "status": "completed",
        "output": list(output),
        **more,
    }


def call(arguments: str = "{}", name: str = "search", number: int = 1) -> Json:
    return {
        "type": "function_call",
        "id": f"fc_{number}",
        "call_id": f"call_{number}",
        "name": name,
        "arguments": arguments,
    }


def message(text: str) -> Json:
    return {"type": "message", "id": "msg_1", "role": "assistant", "content": [spoken(text)]}


def reasoning(encrypted: str | None = "gAAAA==", *summary: str) -> Json:
    parts = [{"type": "summary_text", "text": each} for each in summary]
    return {"type": "reasoning", "id": "rs_1", "summary": parts, "encrypted_content": encrypted}
