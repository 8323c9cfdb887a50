"""POST /v1/messages and /v1/messages/count_tokens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import msgspec
from flask import request

from tollgate_llm.sandbox.anthropic_api.blocks import leading_blocks, leading_frames
from tollgate_llm.sandbox.anthropic_api.pairing import check_messages
from tollgate_llm.sandbox.anthropic_api.usage import closing_usage, opening_usage, whole_usage
from tollgate_llm.sandbox.asks import Ask, Json, Tool, first_text, wants_stream
from tollgate_llm.sandbox.calls import Protocol, Reply
from tollgate_llm.sandbox.dialects import ANTHROPIC
from tollgate_llm.sandbox.errors import InvalidRequest
from tollgate_llm.sandbox.specials import SECOND_MODEL, Special
from tollgate_llm.sandbox.sse import Frame, named
from tollgate_llm.sandbox.tokens import count_content, count_tools
from tollgate_llm.sandbox.validation import ParamsType

_RANGES = {"max_tokens": (0, 10**9), "temperature": (0, 1), "top_p": (0, 1), "top_k": (0, 10**9)}
_TYPES = "anthropic.types{}.message_create_params"
_COUNT_TYPES = "anthropic.types{}.message_count_tokens_params"

STABLE, BETA = (
    ParamsType(_TYPES.format(beta), "MessageCreateParamsBase", ranges=_RANGES, filled=("messages",))
    for beta in ("", ".beta")
)
STABLE_COUNT, BETA_COUNT = (
    ParamsType(_COUNT_TYPES.format(beta), "MessageCountTokensParams", filled=("messages",))
    for beta in ("", ".beta")
)


def params() -> ParamsType:
    return BETA if _is_beta() else STABLE


def count_params() -> ParamsType:
    return BETA_COUNT if _is_beta() else STABLE_COUNT


def _is_beta() -> bool:
    return "anthropic-beta" in request.headers or request.args.get("beta") == "true"


def ask_of(body: Json) -> Ask:
    _refuse_thread(body)
    messages = body["messages"]
    check_messages(messages)
    return Ask(
        model=body["model"],
        stream=wants_stream(body),
        prompt=_prompt(messages),
        input_tokens=count_input(body),
        cap=body["max_tokens"],
        stops=tuple(body.get("stop_sequences") or ()),
        tool=None if _tool_has_answered(messages) else _wanted_tool(body),
        schema=_wanted_schema(body),
    )


def _refuse_thread(body: Json) -> None:
    """Nothing is stored; told so by the details, the SDKs send the whole conversation instead."""
    if body.get("thread"):
        details = {"error_code": "thread_unsupported_request", "unsupported": ["thread"]}
        raise InvalidRequest("Nothing is stored here.", param=("thread",), details=details)


def count_input(body: Json) -> int:
    """Of the system prompt, the messages and the tools' JSON."""
    said = count_content(body.get("system")) + count_content(body["messages"])
    return said + count_tools(body.get("tools"))


def _last_of_user(messages: list[Json]) -> Any:
    return next((each["content"] for each in reversed(messages) if each["role"] == "user"), "")


def _results(content: Any) -> list[Json]:
    parts = content if isinstance(content, list) else []
    return [part for part in parts if part["type"] == "tool_result"]


def _prompt(messages: list[Json]) -> str:
    """The text of the last user message, or of the tool result that it brings."""
    content = _last_of_user(messages)
    return first_text(content, *(result.get("content") for result in _results(content)))


def _tool_has_answered(messages: list[Json]) -> bool:
    """Whether a tool's result has come in since the assistant last spoke."""
    for message in reversed(messages):
        if message["role"] == "assistant":
            return False
        if _results(message["content"]):
            return True
    return False


def _wanted_tool(body: Json) -> Tool | None:
    """The chosen tool, else the first; only tools that bear a schema are the caller's to run."""
    offered = {
        tool["name"]: Tool(tool["name"], tool["input_schema"])
        for tool in body.get("tools") or ()
        if "input_schema" in tool
    }
    choice = body.get("tool_choice") or {"type": "auto"}
    if choice["type"] == "none":
        return None
    if choice["type"] == "tool":
        if choice["name"] not in offered:
            message = f"Tool '{choice['name']}' not found in provided tools"
            raise InvalidRequest(message, param=("tool_choice",))
        return offered[choice["name"]]
    return next(iter(offered.values()), None)


def _wanted_schema(body: Json) -> Json | None:
    """Of `output_config.format`, or of `output_format`, which the beta takes too."""
    form = (body.get("output_config") or {}).get("format") or body.get("output_format")
    return form.get("schema") if isinstance(form, dict) else None


def _message(reply: Reply, content: list[Json], ending: Json, usage: Json) -> Json:
    is_fallback = reply.special is Special.FALLBACK
    message = {
        "id": f"msg_{uuid4().hex[:24]}",
        "type": "message",
        "role": "assistant",
        "model": SECOND_MODEL if is_fallback else reply.ask.model,
        "content": content,
        **ending,
    }
    return {**message, "usage": usage} if reply.counted else message


def _ending(reply: Reply) -> Json:
    answer = reply.answer
    if reply.special is Special.REFUSAL:
        details = {"type": "refusal", "category": "general_harms", "explanation": None}
        return {"stop_reason": "refusal", "stop_sequence": None, "stop_details": details}
    reasons = {"cap": "max_tokens", "stop": "stop_sequence"}
    done = "tool_use" if answer.tool else "end_turn"
    return {"stop_reason": reasons.get(answer.ended, done), "stop_sequence": answer.stop}


def _block(reply: Reply, *, filled: bool) -> Json:
    """The content block; its text or input is left out where a stream brings them."""
    answer = reply.answer
    if not answer.tool:
        return {"type": "text", "text": answer.text if filled else ""}
    made = _input(answer.text) if filled else {}
    name = answer.tool.name
    return {"type": "tool_use", "id": f"toolu_{uuid4().hex[:24]}", "name": name, "input": made}


def _input(arguments: str) -> Any:
    """The arguments as an object; of arguments that the cap cut short nothing is left."""
    try:
        return msgspec.json.decode(arguments)
    except msgspec.DecodeError:
        return {}


def whole(reply: Reply) -> Json:
    content = [*leading_blocks(reply), *([_block(reply, filled=True)] if _has_text(reply) else [])]
    return _message(reply, content, _ending(reply), whole_usage(reply))


def _has_text(reply: Reply) -> bool:
    return bool(reply.answer.pieces) and reply.special is not Special.REFUSAL


def frames(reply: Reply) -> Iterator[Frame]:
    """The message opens, its block opens, a ping, the pieces, both close."""
    ending = {"stop_reason": None, "stop_sequence": None}
    opening = _message(reply, [], ending, opening_usage(reply))
    yield named({"type": "message_start", "message": opening})
    yield from leading_frames(reply)
    if _has_text(reply):
        yield from _block_frames(reply, len(leading_blocks(reply)))
    delta: Json = {"type": "message_delta", "delta": _ending(reply)}
    if reply.counted:
        delta["usage"] = closing_usage(reply)
    yield named(delta)
    yield named({"type": "message_stop"}, last=True)


def _block_frames(reply: Reply, index: int) -> Iterator[Frame]:
    block = _block(reply, filled=False)
    yield named({"type": "content_block_start", "index": index, "content_block": block})
    yield named({"type": "ping"})
    kind, field = "text_delta", "text"
    if reply.answer.tool:
        kind, field = "input_json_delta", "partial_json"
        yield _delta(index, {"type": kind, field: ""}, tokens=0)
    for piece in reply.answer.pieces:
        yield _delta(index, {"type": kind, field: piece}, tokens=1)
    yield named({"type": "content_block_stop", "index": index})


def _delta(index: int, delta: Json, tokens: int) -> Frame:
    return named({"type": "content_block_delta", "index": index, "delta": delta}, tokens)


MESSAGES = Protocol("/v1/messages", ANTHROPIC, params, ask_of, whole, frames)
