"""The request: a conversation, tools, and settings."""

from tollgate_llm.dialects.errors import UnsupportedThread
from tollgate_llm.dialects.messages_to_chat.fields import DirectedDrops, refuse_rest
from tollgate_llm.dialects.messages_to_responses.conversation import conversation_of
from tollgate_llm.dialects.messages_to_responses.output import output_of
from tollgate_llm.dialects.messages_to_responses.settings import settings_of
from tollgate_llm.dialects.messages_to_responses.tools import tools_of
from tollgate_llm.dialects.response_rules import MESSAGES_TO_RESPONSES
from tollgate_llm.dialects.translation import Json, Translated, Wanted

_UNDERSTOOD = MESSAGES_TO_RESPONSES.understood


def to_responses(request: Json, wanted: Wanted) -> Translated:
    """Raise `UnsupportedThread` for a conversation that the provider would have to remember."""
    if request.get("thread") is not None:
        raise UnsupportedThread
    drops = DirectedDrops(wanted, MESSAGES_TO_RESPONSES)
    refuse_rest(request, _UNDERSTOOD, "", drops)
    body: Json = {"model": wanted.model, **conversation_of(request, drops), "store": False}
    tools, output = tools_of(request, drops), output_of(request, wanted, drops)
    body |= tools | output | settings_of(request, drops)
    if include := [*tools.get("include", ()), *output.get("include", ())]:
        body["include"] = include
    return Translated({**body, "stream": True} if request.get("stream") else body, drops.names)
