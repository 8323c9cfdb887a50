"""POST /v1/messages and /v1/messages/count_tokens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple
from uuid import uuid4

import msgspec
from flask import request

from tollgate_llm.sandbox.anthropic_api.blocks import leading_blocks, leading_frames
from tollgate_llm.sandbox.anthropic_api.pairing import check_messages
from tollgate_llm.sandbox.anthropic_api.usage import closing_usage, opening_usage, whole_usage
from tollgate_llm.sandbox.asks import Ask, Json, Tool, first_text, last_text, text_of, wants_stream
from tollgate_llm.sandbox.calls import Protocol, Reply
from tollgate_llm.sandbox.choosing import Choice, chosen_tools
from tollgate_llm.sandbox.dialects import ANTHROPIC
from tollgate_llm.sandbox.errors import InvalidRequest
from tollgate_llm.sandbox.shapes import asked_shape, asks_for_json
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
    offered, choice = _offered_tools(body), _choice_so_far(messages)
    return Ask(
        model=body["model"],
        stream=wants_stream(body),
        prompt=first_text(*_last(messages)),
        message=choice.message,
        input_tokens=count_input(body),
        cap=body["max_tokens"],
        stops=tuple(body.get("stop_sequences") or ()),
        tools=_wanted_tools(body, offered, choice),
        tool_names=tuple(offered),
        is_result=choice.is_result,
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


def _last(messages: list[Json]) -> list[Any]:
    """The content of the last user message, and those of the tool results that it brings."""
    content = _last_of_user(messages)
    return [content, *(result.get("content") for result in _results(content))]


def _tool_has_answered(messages: list[Json]) -> bool:
    """Whether a tool's result has come in since the assistant last spoke."""
    for message in reversed(messages):
        if message["role"] == "assistant":
            return False
        if _results(message["content"]):
            return True
    return False


def _choice_so_far(messages: list[Json]) -> Choice:
    turns = [each["content"] for each in messages if each["role"] == "assistant"]
    uses = [part for turn in turns if isinstance(turn, list) for part in turn]
    called = [part["name"] for part in uses if part["type"] == "tool_use"]
    return Choice(
        message=last_text(*_last(messages)),
        is_result=_tool_has_answered(messages),
        called="\n".join([*called, *map(text_of, turns)]),
    )


def _offered_tools(body: Json) -> dict[str, Tool]:
    """The tools that bear a schema: those are the caller's to run."""
    return {
        tool["name"]: Tool(tool["name"], tool["input_schema"])
        for tool in body.get("tools") or ()
        if "input_schema" in tool
    }


def _wanted_tools(body: Json, offered: dict[str, Tool], so_far: Choice) -> tuple[Tool, ...]:
    """The tools to call, by `tool_choice` and what was said.

    Raises `InvalidRequest` for a chosen tool that was not offered.
    """
    choice = body.get("tool_choice") or {"type": "auto"}
    if choice["type"] == "none":
        return ()
    if choice["type"] == "tool":
        if choice["name"] not in offered:
            message = f"Tool '{choice['name']}' not found in provided tools"
            raise InvalidRequest(message, param=("tool_choice",))
        return (offered[choice["name"]],)
    so_far = replace(
        so_far,
        must_call=choice["type"] == "any",
        is_parallel=not choice.get("disable_parallel_tool_use"),
    )
    return chosen_tools([*offered.values()], so_far)


def _wanted_schema(body: Json) -> Json | None:
    """Of `output_config.format`, or of `output_format`, which the beta takes too; else, where the
    system prompt asks for nothing but JSON, of what the messages show."""
    form = (body.get("output_config") or {}).get("format") or body.get("output_format")
    if isinstance(form, dict):
        return form.get("schema")
    system = text_of(body.get("system"))
    if not asks_for_json(system):
        return None
    asking = (each["content"] for each in reversed(body["messages"]) if each["role"] == "user")
    return asked_shape([*map(text_of, asking), system])


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
    done = "tool_use" if answer.calls else "end_turn"
    return {"stop_reason": reasons.get(answer.ended, done), "stop_sequence": answer.stop}


def _blocks(reply: Reply) -> list[Block]:
    """The calls, or else the text, if there is any; each as a stream begins it and whole."""
    answer = reply.answer
    if reply.special is Special.REFUSAL:
        return []
    if not answer.calls:
        text = Block({"type": "text", "text": ""}, {"text": answer.text}, answer.pieces)
        return [text] if answer.pieces else []
    return [
        Block(
            {
                "type": "tool_use",
                "id": f"toolu_{uuid4().hex[:24]}",
                "name": call.tool.name,
                "input": {},
            },
            {"input": _input(call.arguments)},
            call.pieces,
        )
        for call in answer.calls
    ]


class Block(NamedTuple):
    """A content block: as a stream begins it, what is in it in the end, and the pieces of that."""

    begun: Json
    filling: Json
    pieces: list[str]


def _input(arguments: str) -> Any:
    """The arguments as an object; of arguments that the cap cut short nothing is left."""
    try:
        return msgspec.json.decode(arguments)
    except msgspec.DecodeError:
        return {}


def whole(reply: Reply) -> Json:
    made = [{**block.begun, **block.filling} for block in _blocks(reply)]
    return _message(reply, [*leading_blocks(reply), *made], _ending(reply), whole_usage(reply))


def frames(reply: Reply) -> Iterator[Frame]:
    """The message opens; each block opens, brings its pieces and closes; the message closes. A ping
    comes once, after the first block has opened."""
    ending = {"stop_reason": None, "stop_sequence": None}
    opening = _message(reply, [], ending, opening_usage(reply))
    yield named({"type": "message_start", "message": opening})
    yield from leading_frames(reply)
    first = len(leading_blocks(reply))
    for at, block in enumerate(_blocks(reply)):
        yield from _block_frames(block, first + at, has_ping=at == 0)
    delta: Json = {"type": "message_delta", "delta": _ending(reply)}
    if reply.counted:
        delta["usage"] = closing_usage(reply)
    yield named(delta)
    yield named({"type": "message_stop"}, last=True)


def _block_frames(block: Block, index: int, *, has_ping: bool) -> Iterator[Frame]:
    yield named({"type": "content_block_start", "index": index, "content_block": block.begun})
    if has_ping:
        yield named({"type": "ping"})
    kind, field = "text_delta", "text"
    if block.begun["type"] == "tool_use":
        kind, field = "input_json_delta", "partial_json"
        yield _delta(index, {"type": kind, field: ""}, tokens=0)
    for piece in block.pieces:
        yield _delta(index, {"type": kind, field: piece}, tokens=1)
    yield named({"type": "content_block_stop", "index": index})


def _delta(index: int, delta: Json, tokens: int) -> Frame:
    return named({"type": "content_block_delta", "index": index, "delta": delta}, tokens)


MESSAGES = Protocol("/v1/messages", ANTHROPIC, params, ask_of, whole, frames)
