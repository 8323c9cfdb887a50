"""Requests of every dialect, with given texts in every place where a provider reads one."""

from collections.abc import Callable, Sequence
from typing import Any

Json = dict[str, Any]

CHAT, MESSAGES, RESPONSES = "/v1/chat/completions", "/v1/messages", "/v1/responses"
COMPLETIONS, EMBEDDINGS = "/v1/completions", "/v1/embeddings"
SPEECH, IMAGES = "/v1/audio/speech", "/v1/images/generations"
CONVERSATIONS = (CHAT, MESSAGES, RESPONSES)
PATHS = (*CONVERSATIONS, COMPLETIONS, EMBEDDINGS, SPEECH, IMAGES)
PLACES = ("system", "text", "part", "call", "result", "tool")
CAP = {CHAT: "max_tokens", MESSAGES: "max_tokens", RESPONSES: "max_output_tokens"}


def body_of(path: str, placed: Sequence[tuple[str, str]]) -> Json:
    """Return a request with each text in its place: place and text, in the order of a conversation.

    Requests that are no conversation have a single place."""
    if path in CONVERSATIONS:
        body = _EMPTY[path]()
        for number, (place, text) in enumerate(placed):
            _BUILDERS[path](body, place, text, f"call_{number}")
        return {**body, CAP[path]: 20}
    texts = [text for _, text in placed]
    named: dict[str, Json] = {
        COMPLETIONS: {"prompt": texts[0] if len(texts) == 1 else texts},
        EMBEDDINGS: {"input": texts[0] if len(texts) == 1 else texts},
        SPEECH: {"input": "".join(texts), "voice": "alloy"},
        IMAGES: {"prompt": "".join(texts)},
    }
    return {"model": "sandbox", **named[path]}


def _chat(body: Json, place: str, text: str, call_id: str) -> None:
    messages = body["messages"]
    if place == "tool":
        function = {"name": "f", "description": text, "parameters": _schema(text)}
        body.setdefault("tools", []).append({"type": "function", "function": function})
    elif place in ("system", "text"):
        messages.append({"role": "user" if place == "text" else "system", "content": text})
    elif place == "part":
        messages.append({"role": "user", "content": [{"type": "text", "text": text}]})
    else:
        arguments, result = (text, "") if place == "call" else ("{}", text)
        function = {"name": "f", "arguments": arguments}
        call = {"id": call_id, "type": "function", "function": function}
        messages.append({"role": "assistant", "tool_calls": [call]})
        messages.append({"role": "tool", "tool_call_id": call_id, "content": result})


def _messages(body: Json, place: str, text: str, call_id: str) -> None:
    messages = body["messages"]
    if place == "tool":
        tool = {"name": "f", "description": text, "input_schema": _schema(text)}
        body.setdefault("tools", []).append(tool)
    elif place == "system":
        body.setdefault("system", []).append({"type": "text", "text": text})
    elif place in ("text", "part"):
        content: Any = text if place == "text" else [{"type": "text", "text": text}]
        messages.append({"role": "user", "content": content})
    else:
        arguments, result = ({"a": text}, "") if place == "call" else ({}, text)
        call = {"type": "tool_use", "id": call_id, "name": "f", "input": arguments}
        answer = {"type": "tool_result", "tool_use_id": call_id, "content": result}
        messages.append({"role": "assistant", "content": [call]})
        messages.append({"role": "user", "content": [answer]})


def _responses(body: Json, place: str, text: str, call_id: str) -> None:
    items = body["input"]
    if place == "tool":
        tool = {"type": "function", "name": "f", "description": text, "parameters": _schema(text)}
        body.setdefault("tools", []).append({**tool, "strict": False})
    elif place == "system":
        body["instructions"] = body.get("instructions", "") + text
    elif place in ("text", "part"):
        content: Any = text if place == "text" else [{"type": "input_text", "text": text}]
        items.append({"role": "user", "content": content})
    else:
        arguments, result = (text, "") if place == "call" else ("{}", text)
        call = {"type": "function_call", "call_id": call_id, "name": "f", "arguments": arguments}
        items.append(call)
        items.append({"type": "function_call_output", "call_id": call_id, "output": result})


def _schema(text: str) -> Json:
    """Return a schema whose only member has this text for its name."""
    return {"type": "object", "properties": {text: {"type": "string"}}}


_BUILDERS: dict[str, Callable[[Json, str, str, str], None]] = {
    CHAT: _chat,
    MESSAGES: _messages,
    RESPONSES: _responses,
}
_EMPTY: dict[str, Callable[[], Json]] = {
    CHAT: lambda: {"model": "sandbox", "messages": [{"role": "user", "content": "x"}]},
    MESSAGES: lambda: {"model": "sandbox", "messages": [{"role": "user", "content": "x"}]},
    RESPONSES: lambda: {"model": "sandbox", "input": [{"role": "user", "content": "x"}]},
}


def read_twice(path: str, place: str) -> bool:
    """Return whether a text in this place is in the request twice: said of a tool, and its name."""
    return path in CONVERSATIONS and place == "tool"
