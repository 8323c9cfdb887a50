"""Conversations said by hand, for the translation of chat completions to messages."""

from __future__ import annotations

from typing import Any

from tests.llm.dialects.chat_to_messages_cases import Json
from tollgate_llm.dialects.chat_to_messages import TRANSLATION
from tollgate_llm.dialects.translation import Wanted
from tollgate_llm.sandbox.anthropic_api.messages import STABLE
from tollgate_llm.sandbox.openai_api.chat import PARAMS

WANTED = Wanted("claude-sonnet-4-5", 4096)
USER = {"role": "user", "content": "Hi."}
FUNCTION = {"name": "look", "arguments": '{"at": "sea"}'}
CALL = {"id": "call_1", "type": "function", "function": FUNCTION}
USE = {"type": "tool_use", "id": "call_1", "name": "look", "input": {"at": "sea"}}
THOUGHT = {"type": "thinking", "thinking": "Hm.", "signature": "sig"}
HIDDEN = {"type": "redacted_thinking", "data": "gAAA"}
EXPLICIT = {"mode": "explicit"}


def body_of(*messages: Json, **asked: Any) -> Json:
    request = {"model": "small", "messages": [*messages], **asked}
    PARAMS.check(request)
    translated = TRANSLATION.request(request, WANTED)
    STABLE.check(translated.body)
    assert translated.dropped == ()
    return translated.body


def user(*parts: Json) -> Json:
    return {"role": "user", "content": [*parts]}


def assistant(**fields: Any) -> Json:
    return {"role": "assistant", **fields}


def result(content: Any, call_id: str = "call_1") -> Json:
    return {"role": "tool", "tool_call_id": call_id, "content": content}


def text(said: str, **more: Any) -> Json:
    return {"type": "text", "text": said, **more}
