"""A request, put together from its parts."""

from tollgate_llm.dialects.chat_to_messages import settings
from tollgate_llm.dialects.chat_to_messages.caching import settle_marks
from tollgate_llm.dialects.chat_to_messages.conversation import conversation_of
from tollgate_llm.dialects.chat_to_messages.fields import refuse_rest
from tollgate_llm.dialects.chat_to_messages.thinking import thinking_of
from tollgate_llm.dialects.chat_to_messages.tools import tools_of
from tollgate_llm.dialects.field_rules import CHAT_TO_MESSAGES
from tollgate_llm.dialects.translation import Drops, Json, Translated, Wanted

_UNDERSTOOD = CHAT_TO_MESSAGES.understood
_STREAMED = ("include_usage", "include_obfuscation")


def to_messages(asked: Json, wanted: Wanted) -> Translated:
    drops = Drops(wanted)
    body: Json = {"model": wanted.model, "max_tokens": _cap(asked, wanted)}
    body |= conversation_of(list(asked["messages"]), drops)
    body |= tools_of(asked, body["messages"], drops)
    settle_marks(asked, body, drops)
    body |= thinking_of(asked.get("reasoning_effort"), body, drops)
    body |= settings.sampling_of(asked, body, drops)
    _add_format(asked, body, drops)
    body |= settings.stops_of(asked.get("stop"), drops)
    body |= settings.user_of(asked, drops)
    body |= settings.tier_of(asked.get("service_tier"), drops)
    body |= {"stream": True} if asked.get("stream") else {}
    refuse_rest(asked.get("stream_options") or {}, _STREAMED, "stream_options", drops)
    refuse_rest(asked, _UNDERSTOOD, "", drops)
    return Translated(body, drops.names)


def _cap(asked: Json, wanted: Wanted) -> int:
    """`max_completion_tokens`, or `max_tokens`, which it replaces. Thinking counts in both
    dialects."""
    for name in ("max_completion_tokens", "max_tokens"):
        cap = asked.get(name)
        if cap is not None:
            return int(cap)
    return wanted.default_max_tokens


def _add_format(asked: Json, body: Json, drops: Drops) -> None:
    """The effort is in `output_config` too."""
    given = asked.get("response_format") or {}
    settings.add_json_only(given, body)
    wanted = settings.format_of(given, drops)
    if wanted:
        body["output_config"] = {**body.get("output_config", {}), **wanted}
