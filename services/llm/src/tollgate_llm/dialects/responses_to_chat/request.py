"""The request: a conversation, tools, and parameters that mostly have the same names."""

from tollgate_llm.dialects.caps import cap_of
from tollgate_llm.dialects.field_rules import RESPONSES_TO_CHAT
from tollgate_llm.dialects.responses_to_chat.conversation import messages_of
from tollgate_llm.dialects.responses_to_chat.fields import refuse_rest
from tollgate_llm.dialects.responses_to_chat.settings import settings_of
from tollgate_llm.dialects.responses_to_chat.tools import tools_of
from tollgate_llm.dialects.translation import Drops, Json, Translated, Wanted

_SAME = (
    "prompt_cache_key",
    "prompt_cache_retention",
    "safety_identifier",
    "temperature",
    "top_p",
    "user",
)

_UNDERSTOOD = RESPONSES_TO_CHAT.understood


def to_chat(asked: Json, wanted: Wanted) -> Translated:
    drops = Drops(wanted)
    refuse_rest(asked, _UNDERSTOOD, "", drops)
    body: Json = {"model": wanted.model, "messages": messages_of(asked, drops)}
    body |= tools_of(asked, drops)
    body |= settings_of(asked, wanted, drops)
    body |= {name: asked[name] for name in _SAME if asked.get(name) is not None}
    body |= _cap(asked, wanted.model) | _streaming(asked, drops)
    return Translated(body, drops.names)


def _cap(asked: Json, model: str) -> Json:
    cap = asked.get("max_output_tokens")
    return {} if cap is None else cap_of(cap, model)


def _streaming(asked: Json, drops: Drops) -> Json:
    """Our events are never padded, so `include_obfuscation` is as good as said."""
    refuse_rest(
        asked.get("stream_options") or {}, ("include_obfuscation",), "stream_options", drops
    )
    if not asked.get("stream"):
        return {}
    return {"stream": True, "stream_options": {"include_usage": True}}
