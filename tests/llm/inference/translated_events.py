"""Streams as the providers of each dialect send them: a text, and the call of a tool."""

from typing import Any

Event = dict[str, Any]


def chunk(delta: Event, **choice: Any) -> Event:
    chosen = {"index": 0, "delta": delta, "finish_reason": None, **choice}
    return {"id": "c1", "object": "chat.completion.chunk", "created": 1, "choices": [chosen]}


def call(**function: str) -> Event:
    return {"tool_calls": [{"index": 0, "id": "call_1", "function": function}]}


SPOKEN = [chunk({"content": "Let me "}), chunk({"content": "see."})]
CALLED = [chunk(call(name="look", arguments='{"at":')), chunk(call(arguments='"x"}'))]
CHUNKS = [
    chunk({"role": "assistant", "content": ""}),
    *SPOKEN,
    *CALLED,
    chunk({}, finish_reason="tool_calls"),
]
STARTED: Event = {
    "type": "message_start",
    "message": {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "content": [],
        "model": "claude",
        "stop_reason": None,
        "usage": {"input_tokens": 3, "output_tokens": 1},
    },
}
EVENTS: list[Event] = [
    STARTED,
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "See."}},
    {"type": "content_block_stop", "index": 0},
    {
        "type": "content_block_start",
        "index": 1,
        "content_block": {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}},
    },
    {
        "type": "content_block_delta",
        "index": 1,
        "delta": {"type": "input_json_delta", "partial_json": '{"at":"x"}'},
    },
    {"type": "content_block_stop", "index": 1},
    {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 9}},
    {"type": "message_stop"},
]
REASONED: Event = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gA=="}
SAID: Event = {
    "type": "message",
    "id": "msg_1",
    "role": "assistant",
    "content": [{"type": "output_text", "text": "See."}],
}
LOOKED: Event = {
    "type": "function_call",
    "id": "fc_1",
    "call_id": "call_1",
    "name": "look",
    "arguments": '{"at":"x"}',
}
RESPONSE: Event = {"id": "resp_1", "object": "response", "created_at": 1, "status": "in_progress"}
ENDED: Event = {
    **RESPONSE,
    "status": "completed",
    "output": [REASONED, SAID, LOOKED],
    "usage": {"input_tokens": 3, "output_tokens": 9},
}
RESPONSE_EVENTS: list[Event] = [
    {"type": "response.created", "response": RESPONSE},
    {"type": "response.output_item.added", "output_index": 0, "item": REASONED},
    {
        "type": "response.reasoning_summary_text.delta",
        "item_id": "rs_1",
        "output_index": 0,
        "summary_index": 0,
        "delta": "Hm.",
    },
    {"type": "response.output_item.done", "output_index": 0, "item": REASONED},
    {"type": "response.output_item.added", "output_index": 1, "item": {**SAID, "content": []}},
    {
        "type": "response.output_text.delta",
        "item_id": "msg_1",
        "output_index": 1,
        "content_index": 0,
        "delta": "See.",
    },
    {"type": "response.output_item.done", "output_index": 1, "item": SAID},
    {"type": "response.output_item.added", "output_index": 2, "item": {**LOOKED, "arguments": ""}},
    {
        "type": "response.function_call_arguments.delta",
        "item_id": "fc_1",
        "output_index": 2,
        "delta": '{"at":"x"}',
    },
    {"type": "response.output_item.done", "output_index": 2, "item": LOOKED},
    {"type": "response.completed", "response": ENDED},
]
