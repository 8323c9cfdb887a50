"""Parameters of chat completions, and what of a message's body is theirs."""

from __future__ import annotations

from typing import Any

from tollgate_llm.dialects.chat_to_messages import TRANSLATION
from tollgate_llm.dialects.translation import Json, Wanted
from tollgate_llm.sandbox.anthropic_api.messages import STABLE
from tollgate_llm.sandbox.openai_api.chat import PARAMS

NEW, OLD = Wanted("claude-opus-5", 4096), Wanted("claude-haiku-4-5-20251001", 4096)
ASKED: Json = {"model": "small", "messages": [{"role": "user", "content": "Hi."}]}
SCHEMA = {"type": "object", "properties": {"at": {"type": "string"}}, "required": ["at"]}
FORMAT = {"type": "json_schema", "json_schema": {"name": "place", "schema": SCHEMA}}


def body_of(wanted: Wanted = OLD, **asked: Any) -> Json:
    """What is sent besides the model and the messages."""
    request = {**ASKED, **asked}
    PARAMS.check(request)
    translated = TRANSLATION.request(request, wanted)
    assert translated.dropped == ()
    STABLE.check(translated.body)
    assert translated.body.pop("model") == wanted.model
    assert translated.body.pop("messages") == ASKED["messages"]
    return translated.body
