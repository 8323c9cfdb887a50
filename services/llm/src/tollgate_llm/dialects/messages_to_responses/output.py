"""How much thought goes into the answer, what is shown of it, and the form that the answer has.

Models that reason are to encrypt their thoughts; others refuse a request for that. There is a
summary only where the caller wants one displayed, for OpenAI gives it to verified organisations
only, and refuses others.
"""

from tollgate_llm.dialects.messages_to_chat import output
from tollgate_llm.dialects.messages_to_chat.models import effort_for
from tollgate_llm.dialects.translation import Drops, Json, Wanted

_ENCRYPTED = "reasoning.encrypted_content"


def output_of(request: Json, wanted: Wanted, drops: Drops) -> Json:
    chat = output.output_of(request, wanted, drops)
    settings: Json = {}
    if effort_for(wanted, "high") is not None:
        settings["include"] = [_ENCRYPTED]
        settings |= _reasoning(request.get("thinking") or {}, chat)
    if "response_format" in chat:
        schema = chat["response_format"]["json_schema"]
        settings["text"] = {"format": {"type": "json_schema", **schema}}
    return settings


def _reasoning(thinking: Json, chat: Json) -> Json:
    reasoning = {"effort": chat["reasoning_effort"]} if "reasoning_effort" in chat else {}
    if thinking.get("type") != "disabled" and thinking.get("display") == "summarized":
        reasoning["summary"] = "auto"
    return {"reasoning": reasoning} if reasoning else {}
