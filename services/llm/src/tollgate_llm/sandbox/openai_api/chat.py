"""POST /v1/chat/completions."""

from __future__ import annotations

from collections.abc import Iterator
from time import time
from typing import Any
from uuid import uuid4

from tollgate_llm.sandbox.asks import Ask, Json, first_text, last_text, text_of, wants_stream
from tollgate_llm.sandbox.calls import Protocol, Reply
from tollgate_llm.sandbox.choosing import Choice
from tollgate_llm.sandbox.dialects import OPENAI
from tollgate_llm.sandbox.errors import InvalidRequest
from tollgate_llm.sandbox.openai_api.pairing import check_chat
from tollgate_llm.sandbox.openai_api.tools import offered_tools, wanted_schema, wanted_tools
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


_ASKING = frozenset({"user", "system", "developer"})


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
    offered, choice = offered_tools(body, _function), _choice_so_far(messages)
    return Ask(
        model=body["model"],
        stream=stream,
        prompt=first_text(_last(messages)),
        message=choice.message,
        input_tokens=count_content(messages) + count_tools(body.get("tools")),
        cap=body.get("max_tokens") if cap is None else cap,
        stops=(stop,) if isinstance(stop, str) else tuple(stop),
        tools=wanted_tools(body, _function, offered, choice),
        tool_names=tuple(offered),
        is_result=choice.is_result,
        schema=wanted_schema(body.get("response_format"), _texts(messages)),
        choices=body.get("n") or 1,
    )


def _function(tool: Json) -> Json:
    function: Json = tool["function"]
    return function


def _choice_so_far(messages: list[Json]) -> Choice:
    turns = [each for each in messages if each["role"] == "assistant"]
    calls = [call for turn in turns for call in turn.get("tool_calls") or ()]
    called = [call["function"]["name"] for call in calls if call["type"] == "function"]
    return Choice(
        message=last_text(_last(messages)),
        is_result=_tool_has_answered(messages),
        called="\n".join([*called, *(text_of(turn.get("content")) for turn in turns)]),
    )


def _texts(messages: list[Json]) -> list[str]:
    """What is asked for, the latest first."""
    return [text_of(each["content"]) for each in reversed(messages) if each["role"] in _ASKING]


def _last(messages: list[Json]) -> Any:
    """The content of the last message that is the user's or a tool's."""
    contents = (each["content"] for each in reversed(messages) if each["role"] in ("user", "tool"))
    return next(contents, "")


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
    return "tool_calls" if reply.answer.calls else "stop"


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
    if answer.calls:
        message["content"] = None
        message["tool_calls"] = [_call(call.tool.name, call.arguments) for call in answer.calls]
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
    for index, delta, tokens in _deltas(reply):
        yield _chunk(head, index, delta, tokens=tokens)
    for index in choices:
        yield _chunk(head, index, {}, reason=_finish_reason(reply))
    if wants_usage and reply.counted:
        yield unnamed({**head, "choices": [], "usage": chat_usage(reply)})
    yield DONE


def _opening(reply: Reply) -> Json:
    if reply.answer.calls:
        return {"role": "assistant", "content": None, "refusal": None}
    is_refusal = reply.special is Special.REFUSAL
    return {
        "role": "assistant",
        "content": None if is_refusal else "",
        "refusal": "" if is_refusal else None,
    }


def _deltas(reply: Reply) -> Iterator[tuple[int, Json, int]]:
    """The choice, the delta and its tokens: of each call its name, then its arguments in pieces."""
    choices = range(reply.ask.choices)
    name = "refusal" if reply.special is Special.REFUSAL else "content"
    for piece in reply.answer.pieces:
        yield from ((index, {name: piece}, 1) for index in choices)
    for at, call in enumerate(reply.answer.calls):
        for index in choices:
            opening = {"index": at, **_call(call.tool.name, "")}
            yield index, {"tool_calls": [opening]}, 0
        for piece in call.pieces:
            delta = {"tool_calls": [{"index": at, "function": {"arguments": piece}}]}
            yield from ((index, delta, 1) for index in choices)


def _chunk(
    head: Json, index: int, delta: dict[str, Any], *, tokens: int = 0, reason: str | None = None
) -> Frame:
    choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": reason}
    return unnamed({**head, "choices": [choice]}, tokens)


CHAT = Protocol("/v1/chat/completions", OPENAI, lambda: PARAMS, ask_of, whole, frames)
