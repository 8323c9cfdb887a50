"""The request: a conversation, tools, and settings."""

from tollgate_llm.dialects.errors import UnsupportedThread
from tollgate_llm.dialects.field_rules import MESSAGES_TO_CHAT
from tollgate_llm.dialects.messages_to_chat.conversation import messages_of
from tollgate_llm.dialects.messages_to_chat.fields import refuse_rest
from tollgate_llm.dialects.messages_to_chat.output import output_of
from tollgate_llm.dialects.messages_to_chat.settings import settings_of
from tollgate_llm.dialects.messages_to_chat.tools import tools_of
from tollgate_llm.dialects.translation import Drops, Json, Translated, Wanted

_UNDERSTOOD = MESSAGES_TO_CHAT.understood


def to_chat(asked: Json, wanted: Wanted) -> Translated:
    if asked.get("thread") is not None:
        raise UnsupportedThread
    drops = Drops(wanted)
    refuse_rest(asked, _UNDERSTOOD, "", drops)
    body: Json = {"model": wanted.model, "messages": messages_of(asked, drops)}
    body |= tools_of(asked, drops)
    body |= output_of(asked, wanted, drops)
    body |= settings_of(asked, wanted.model, drops)
    body |= _streaming(asked)
    return Translated(body, drops.names)


def _streaming(asked: Json) -> Json:
    """A messages stream always tells its usage."""
    if not asked.get("stream"):
        return {}
    return {"stream": True, "stream_options": {"include_usage": True}}
