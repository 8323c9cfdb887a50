"""POST /v1/chat/completions."""

from __future__ import annotations

from collections.abc import Iterator
from time import time
from typing import Any
from uuid import uuid4

from tollgate_llm.sandbox.asks import Ask, Json, first_text, wants_stream
from tollgate_llm.sandbox.calls import Protocol, Reply
from tollgate_llm.sandbox.dialects import OPENAI
from tollgate_llm.sandbox.errors import InvalidRequest
from tollgate_llm.sandbox.openai_api.pairing import check_chat
from tollgate_llm.sandbox.openai_api.tools import wanted_schema, wanted_tool
from tollgate_llm.sandbox.openai_api.usage import chat_usage, tier
from tollgate_llm.sandbox.specials import Special
from tollgate_llm.sandbox.sse import DONE, Frame, unnamed
from tollgate_llm.sandbox.tokens import count_content, count_tools
from tollgate_llm.sandbox.validation import ParamsType

PARAMS = ParamsType(
    "openai.types.chat.completion_create_params",
    "CompletionCreateParamsBase",
    ranges={
        "max_tokens": (1, 10**9),
        "max_completion_tokens": (1, 10**9),
        "n": (1, 128),
        "temperature": (0, 2),
        "top_p": (0, 1),
        "presence_penalty": (-2, 2),
        "frequency_penalty": (-2, 2),
    },
    filled=("messages", "tools"),
)


def ask_of(body: Json) -> Ask:
    messages = body["messages"]
    stream = wants_stream(body)
    check_chat(messages)
    if body.get("stream_options") is not None and not stream:
        raise InvalidRequest(
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
            param=("stream_options",),
        )
    stop = body.get("stop") or ()
    cap = body.get("max_completion_tokens")
    return Ask(
        model=body["model"],
        stream=stream,
        prompt=_prompt(messages),
        input_tokens=count_content(messages) + count_tools(body.get("tools")),
        cap=body.get("max_tokens") if cap is None else cap,
        stops=(stop,) if isinstance(stop, str) else tuple(stop),
        tool=None if _tool_has_answered(messages) else wanted_tool(body, lambda it: it["function"]),
        schema=wanted_schema(body.get("response_format")),
        choices=body.get("n") or 1,
    )


def _prompt(messages: list[Json]) -> str:
    """The text of the last message that is the user's or a tool's."""
    said = (each["content"] for each in reversed(messages) if each["role"] in ("user", "tool"))
    return first_text(next(said, ""))


def _tool_has_answered(messages: list[Json]) -> bool:
    """Whether a tool's result has come in since the assistant last spoke."""
    for message in reversed(messages):
        if message["role"] in ("tool", "function"):
            return True
        if message["role"] == "assistant":
            return False
    return False


def _head(reply: Reply, kind: str) -> Json:
    return {
        "id": f"chatcmpl-{uuid4().hex}",
        "object": kind,
        "created": int(time()),
        "model": reply.ask.model,
        "service_tier": tier(reply),
        "system_fingerprint": "fp_sandbox",
    }


def _finish_reason(reply: Reply) -> str:
    if reply.answer.ended == "cap":
        return "length"
    return "tool_calls" if reply.answer.tool else "stop"


def _call(name: str, arguments: str) -> Json:
    function = {"name": name, "arguments": arguments}
    return {"id": f"call_{uuid4().hex[:24]}", "type": "function", "function": function}


def whole(reply: Reply) -> Json:
    choices = [_choice(reply, index) for index in range(reply.ask.choices)]
    completion = {**_head(reply, "chat.completion"), "choices": choices}
    return {**completion, "usage": chat_usage(reply)} if reply.counted else completion


def _choice(reply: Reply, index: int) -> Json:
    answer = reply.answer
    message: Json = {"role": "assistant", "content": answer.text, "refusal": None}
    if reply.special is Special.REFUSAL:
        message |= {"content": None, "refusal": answer.text}
    if answer.tool:
        message["content"] = None
        message["tool_calls"] = [_call(answer.tool.name, answer.text)]
    message["annotations"] = []
    reason = _finish_reason(reply)
    return {"index": index, "message": message, "logprobs": None, "finish_reason": reason}


def frames(reply: Reply) -> Iterator[Frame]:
    """A role for each choice, their pieces in turn, their ends, usage if asked for, [DONE]."""
    head = _head(reply, "chat.completion.chunk")
    wants_usage = bool((reply.body.get("stream_options") or {}).get("include_usage"))
    if wants_usage and reply.counted:
        head["usage"] = None
    choices = range(reply.ask.choices)
    for index in choices:
        yield _chunk(head, index, _opening(reply))
    for piece in reply.answer.pieces:
        for index in choices:
            yield _chunk(head, index, _delta(reply, piece), tokens=1)
    for index in choices:
        yield _chunk(head, index, {}, reason=_finish_reason(reply))
    if wants_usage and reply.counted:
        yield unnamed({**head, "choices": [], "usage": chat_usage(reply)})
    yield DONE


def _opening(reply: Reply) -> Json:
    if not reply.answer.tool:
        is_refusal = reply.special is Special.REFUSAL
        return {
            "role": "assistant",
            "content": None if is_refusal else "",
            "refusal": "" if is_refusal else None,
        }
    call = {"index": 0, **_call(reply.answer.tool.name, "")}
    return {"role": "assistant", "content": None, "tool_calls": [call], "refusal": None}


def _delta(reply: Reply, piece: str) -> Json:
    if not reply.answer.tool:
        return {"refusal" if reply.special is Special.REFUSAL else "content": piece}
    return {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}


def _chunk(
    head: Json, index: int, delta: dict[str, Any], *, tokens: int = 0, reason: str | None = None
) -> Frame:
    choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": reason}
    return unnamed({**head, "choices": [choice]}, tokens)


CHAT = Protocol("/v1/chat/completions", OPENAI, lambda: PARAMS, ask_of, whole, frames)
