"""POST /v1/responses. Nothing is stored: a `previous_response_id` is accepted and not followed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from time import time
from typing import Any, NamedTuple
from uuid import uuid4

from tollgate_llm.sandbox.answers import ToolCall
from tollgate_llm.sandbox.asks import Ask, Json, first_text, last_text, text_of, wants_stream
from tollgate_llm.sandbox.calls import Protocol, Reply
from tollgate_llm.sandbox.choosing import Choice
from tollgate_llm.sandbox.complaints import missing
from tollgate_llm.sandbox.dialects import OPENAI
from tollgate_llm.sandbox.openai_api.pairing import check_responses
from tollgate_llm.sandbox.openai_api.tools import offered_tools, wanted_schema, wanted_tools
from tollgate_llm.sandbox.openai_api.usage import response_usage, tier, tool_items
from tollgate_llm.sandbox.specials import Special
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


_ASKING = frozenset({"user", "system", "developer"})


def ask_of(body: Json) -> Ask:
    if not body.get("input") and not body.get("prompt") and not body.get("previous_response_id"):
        raise missing("input")
    items = _items(body.get("input"))
    if not body.get("previous_response_id") and not body.get("conversation"):
        check_responses(items)
    said = count_content(body.get("instructions")) + count_content(items)
    offered, choice = offered_tools(body, lambda it: it), _choice_so_far(items)
    return Ask(
        model=body["model"],
        stream=wants_stream(body),
        prompt=first_text(_last(items)),
        message=choice.message,
        input_tokens=said + count_tools(body.get("tools")),
        cap=body.get("max_output_tokens"),
        tools=wanted_tools(body, lambda it: it, offered, choice),
        tool_names=tuple(offered),
        is_result=choice.is_result,
        schema=wanted_schema((body.get("text") or {}).get("format"), _texts(body, items)),
    )


def _items(given: Any) -> list[Json]:
    return [{"role": "user", "content": given}] if isinstance(given, str) else given or []


def _choice_so_far(items: list[Json]) -> Choice:
    texts = [text_of(each.get("content")) for each in items if each.get("role") == "assistant"]
    called = [str(each["name"]) for each in items if each.get("type") == "function_call"]
    return Choice(
        message=last_text(_last(items)),
        is_result=_tool_has_answered(items),
        called="\n".join([*called, *texts]),
    )


def _texts(body: Json, items: list[Json]) -> list[str]:
    """What is asked for, the latest first."""
    asking = (each for each in reversed(items) if each.get("role") in _ASKING)
    return [*(text_of(each.get("content")) for each in asking), body.get("instructions") or ""]


def _is_result(item: Json) -> bool:
    return str(item.get("type", "")).endswith("_call_output")


def _last(items: list[Json]) -> Any:
    """The content of the last item that is the user's or a tool's result."""
    for item in reversed(items):
        if item.get("role") == "user":
            return item["content"]
        if _is_result(item):
            return item.get("output")
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
        "service_tier": tier(reply),
        **echoed,
        "tools": [_echoed_tool(tool) for tool in echoed["tools"] or ()],
        "usage": None,
    }
    finished = status in ("completed", "incomplete")
    return {**response, "usage": response_usage(reply)} if finished and reply.counted else response


def _echoed_tool(tool: Json) -> Json:
    return {"description": None, "strict": True, **tool} if tool["type"] == "function" else tool


def _status(reply: Reply) -> str:
    return "incomplete" if reply.answer.ended == "cap" else "completed"


def _part(reply: Reply, text: str) -> Json:
    if reply.special is Special.REFUSAL:
        return {"type": "refusal", "refusal": text}
    return {"type": "output_text", "annotations": [], "logprobs": [], "text": text}


def _message(reply: Reply, number: str, status: str) -> Json:
    """While in progress, without what its events bring."""
    content = [] if status == "in_progress" else [_part(reply, reply.answer.text)]
    return {
        "type": "message",
        "id": f"msg_{number}",
        "role": "assistant",
        "content": content,
        "status": status,
    }


def _call(call: ToolCall, number: str, status: str) -> Json:
    """While in progress, without what its events bring."""
    return {
        "type": "function_call",
        "id": f"fc_{number}",
        "call_id": f"call_{number[:24]}",
        "name": call.tool.name,
        "arguments": "" if status == "in_progress" else call.arguments,
        "status": status,
    }


def _items_made(reply: Reply, status: str) -> list[Made]:
    """The calls, or else the message, each of them begun and done."""
    calls, number = reply.answer.calls, uuid4().hex
    if not calls:
        begun = _message(reply, number, "in_progress")
        return [Made(begun, _message(reply, number, status))]
    numbers = [uuid4().hex for _ in calls]
    states = [*["completed"] * (len(calls) - 1), status]
    return [
        Made(_call(call, number, "in_progress"), _call(call, number, state), call)
        for call, number, state in zip(calls, numbers, states, strict=True)
    ]


class Made(NamedTuple):
    """An item of the output as it begins and as it ends, and the call that it is, if it is one."""

    begun: Json
    done: Json
    call: ToolCall | None = None


def whole(reply: Reply) -> Json:
    number, status = uuid4().hex, _status(reply)
    made = [item.done for item in _items_made(reply, status)]
    return _response(reply, number, status, [*tool_items(reply, number), *made])


def frames(reply: Reply) -> Iterator[Frame]:
    """The response opens; of each item the opening, the pieces and the end; the response closes.
    Events are numbered from 0."""
    number, status, sequence = uuid4().hex, _status(reply), count()
    for kind in ("created", "in_progress"):
        opening = _response(reply, number, "in_progress", [])
        yield _event(f"response.{kind}", sequence, response=opening)
    tools = [Made({**tool, "status": "in_progress"}, tool) for tool in tool_items(reply, number)]
    items = [*tools, *_items_made(reply, status)]
    for index, item in enumerate(items):
        at: Json = {"item_id": item.done["id"], "output_index": index}
        yield _event("response.output_item.added", sequence, output_index=index, item=item.begun)
        if item.call:
            yield from _call_frames(item.call, sequence, at)
        elif item.done["type"] == "message":
            yield from _text_frames(reply, sequence, at)
        yield _event("response.output_item.done", sequence, output_index=index, item=item.done)
    closing = _response(reply, number, status, [item.done for item in items])
    yield _event(f"response.{status}", sequence, last=True, response=closing)


def _text_frames(reply: Reply, sequence: Iterator[int], item: Json) -> Iterator[Frame]:
    at, text = {**item, "content_index": 0}, reply.answer.text
    is_refusal = reply.special is Special.REFUSAL
    name = "response.refusal" if is_refusal else "response.output_text"
    more: Json = {} if is_refusal else {"logprobs": []}
    done = {"refusal": text} if is_refusal else {"text": text, **more}
    yield _event("response.content_part.added", sequence, **at, part=_part(reply, ""))
    for piece in reply.answer.pieces:
        yield _event(f"{name}.delta", sequence, tokens=1, **at, delta=piece, **more)
    yield _event(f"{name}.done", sequence, **at, **done)
    yield _event("response.content_part.done", sequence, **at, part=_part(reply, text))


def _call_frames(call: ToolCall, sequence: Iterator[int], at: Json) -> Iterator[Frame]:
    for piece in call.pieces:
        name = "response.function_call_arguments.delta"
        yield _event(name, sequence, tokens=1, **at, delta=piece)
    done = "response.function_call_arguments.done"
    yield _event(done, sequence, **at, arguments=call.arguments)


def _event(
    kind: str, sequence: Iterator[int], *, tokens: int = 0, last: bool = False, **fields: Any
) -> Frame:
    payload = {"type": kind, "sequence_number": next(sequence), **fields}
    return named(payload, tokens, last=last)


RESPONSES = Protocol("/v1/responses", OPENAI, lambda: PARAMS, ask_of, whole, frames)
