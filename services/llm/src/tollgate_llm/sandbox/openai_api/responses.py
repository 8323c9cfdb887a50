"""POST /v1/responses. Nothing is stored: a `previous_response_id` is accepted and not followed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from time import time
from typing import Any
from uuid import uuid4

from tollgate_llm.sandbox.asks import Ask, Json, first_text, wants_stream
from tollgate_llm.sandbox.calls import Protocol, Reply
from tollgate_llm.sandbox.complaints import missing
from tollgate_llm.sandbox.dialects import OPENAI
from tollgate_llm.sandbox.openai_api.pairing import check_responses
from tollgate_llm.sandbox.openai_api.tools import wanted_schema, wanted_tool
from tollgate_llm.sandbox.sse import Frame, named
from tollgate_llm.sandbox.tokens import count_content, count_tools
from tollgate_llm.sandbox.validation import ParamsType

PARAMS = ParamsType(
    "openai.types.responses.response_create_params",
    "ResponseCreateParamsBase",
    required=("model",),
    ranges={"max_output_tokens": (16, 10**9), "temperature": (0, 2), "top_p": (0, 1)},
)

_ECHOED: Json = {
    "background": False,
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "prompt_cache_key": None,
    "safety_identifier": None,
    "store": True,
    "temperature": 1.0,
    "text": {"format": {"type": "text"}, "verbosity": "medium"},
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}
"""What a response repeats of its request, and what it says of what was left out."""


def ask_of(body: Json) -> Ask:
    if not body.get("input") and not body.get("prompt") and not body.get("previous_response_id"):
        raise missing("input")
    items = _items(body.get("input"))
    if not body.get("previous_response_id") and not body.get("conversation"):
        check_responses(items)
    said = count_content(body.get("instructions")) + count_content(items)
    return Ask(
        model=body["model"],
        stream=wants_stream(body),
        prompt=_prompt(items),
        input_tokens=said + count_tools(body.get("tools")),
        cap=body.get("max_output_tokens"),
        tool=None if _tool_has_answered(items) else wanted_tool(body, lambda it: it),
        schema=wanted_schema((body.get("text") or {}).get("format")),
    )


def _items(given: Any) -> list[Json]:
    return [{"role": "user", "content": given}] if isinstance(given, str) else given or []


def _is_result(item: Json) -> bool:
    return str(item.get("type", "")).endswith("_call_output")


def _prompt(items: list[Json]) -> str:
    """The text of the last item that is the user's or a tool's result."""
    for item in reversed(items):
        if item.get("role") == "user":
            return first_text(item["content"])
        if _is_result(item):
            return first_text(item.get("output"))
    return ""


def _tool_has_answered(items: list[Json]) -> bool:
    """Whether a tool's result has come in since the assistant last spoke or called."""
    for item in reversed(items):
        if _is_result(item):
            return True
        if item.get("role") == "assistant" or str(item.get("type", "")).endswith("_call"):
            return False
    return False


def _response(reply: Reply, number: str, status: str, output: list[Json]) -> Json:
    echoed = {name: reply.body.get(name, default) for name, default in _ECHOED.items()}
    response = {
        "id": f"resp_{number}",
        "object": "response",
        "created_at": int(time()),
        "status": status,
        "completed_at": int(time()) if status == "completed" else None,
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
        "model": reply.ask.model,
        "output": output,
        "reasoning": {"effort": None, "summary": None},
        "service_tier": "default",
        **echoed,
        "tools": [_echoed_tool(tool) for tool in echoed["tools"] or ()],
        "usage": None,
    }
    finished = status in ("completed", "incomplete")
    return {**response, "usage": _usage(reply)} if finished and reply.counted else response


def _echoed_tool(tool: Json) -> Json:
    return {"description": None, "strict": True, **tool} if tool["type"] == "function" else tool


def _usage(reply: Reply) -> Json:
    sent, made = reply.ask.input_tokens, reply.output_tokens
    return {
        "input_tokens": sent,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": made,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": sent + made,
    }


def _status(reply: Reply) -> str:
    return "incomplete" if reply.answer.ended == "cap" else "completed"


def _part(text: str) -> Json:
    return {"type": "output_text", "annotations": [], "logprobs": [], "text": text}


def _item(reply: Reply, number: str, status: str) -> Json:
    """The one item of the output; while in progress, without what its events bring."""
    answer, begun = reply.answer, status == "in_progress"
    if answer.tool:
        return {
            "type": "function_call",
            "id": f"fc_{number}",
            "call_id": f"call_{number[:24]}",
            "name": answer.tool.name,
            "arguments": "" if begun else answer.text,
            "status": status,
        }
    return {
        "type": "message",
        "id": f"msg_{number}",
        "role": "assistant",
        "content": [] if begun else [_part(answer.text)],
        "status": status,
    }


def whole(reply: Reply) -> Json:
    number, status = uuid4().hex, _status(reply)
    return _response(reply, number, status, [_item(reply, number, status)])


def frames(reply: Reply) -> Iterator[Frame]:
    """The response opens, its item opens, the pieces, both close; events are numbered from 0."""
    number, status, sequence = uuid4().hex, _status(reply), count()
    for kind in ("created", "in_progress"):
        opening = _response(reply, number, "in_progress", [])
        yield _event(f"response.{kind}", sequence, response=opening)
    started, item = _item(reply, number, "in_progress"), _item(reply, number, status)
    yield _event("response.output_item.added", sequence, output_index=0, item=started)
    inner = _call_frames if reply.answer.tool else _text_frames
    yield from inner(reply, sequence, item["id"])
    yield _event("response.output_item.done", sequence, output_index=0, item=item)
    closing = _response(reply, number, status, [item])
    yield _event(f"response.{status}", sequence, last=True, response=closing)


def _text_frames(reply: Reply, sequence: Iterator[int], item_id: str) -> Iterator[Frame]:
    at: Json = {"item_id": item_id, "output_index": 0, "content_index": 0}
    text = reply.answer.text
    yield _event("response.content_part.added", sequence, **at, part=_part(""))
    for piece in reply.answer.pieces:
        name = "response.output_text.delta"
        yield _event(name, sequence, tokens=1, **at, delta=piece, logprobs=[])
    yield _event("response.output_text.done", sequence, **at, text=text, logprobs=[])
    yield _event("response.content_part.done", sequence, **at, part=_part(text))


def _call_frames(reply: Reply, sequence: Iterator[int], item_id: str) -> Iterator[Frame]:
    at: Json = {"item_id": item_id, "output_index": 0}
    for piece in reply.answer.pieces:
        name = "response.function_call_arguments.delta"
        yield _event(name, sequence, tokens=1, **at, delta=piece)
    arguments = reply.answer.text
    yield _event("response.function_call_arguments.done", sequence, **at, arguments=arguments)


def _event(
    kind: str, sequence: Iterator[int], *, tokens: int = 0, last: bool = False, **fields: Any
) -> Frame:
    payload = {"type": kind, "sequence_number": next(sequence), **fields}
    return named(payload, tokens, last=last)


RESPONSES = Protocol("/v1/responses", OPENAI, lambda: PARAMS, ask_of, whole, frames)
