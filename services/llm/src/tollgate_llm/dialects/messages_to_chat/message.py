"""A message around its content: who it is, how it ended, what was used."""

from typing import NamedTuple

from tollgate_llm.dialects import ids, reading
from tollgate_llm.dialects.completions import CAPPED
from tollgate_llm.dialects.messages_to_chat import choices
from tollgate_llm.dialects.translation import Json

_TIERS = {"default": "standard", "fast": "priority", "priority": "priority", "scale": "priority"}
_FAST = ("fast", "priority")


class Ending(NamedTuple):
    """`matched` is the stop sequence, which of all servers only vLLM tells."""

    finish_reason: str = ""
    matched: str = ""
    refusal: str = ""
    called: bool = False


def message_of(asked: Json, answered: Json) -> Json:
    """Still without content, ending and usage; `answered` is a completion or a chunk."""
    created = choices.natural(answered, "created") or 0
    return {
        "id": f"msg_{ids.bare(reading.text(answered, 'id')) or created}",
        "type": "message",
        "role": "assistant",
        "model": asked["model"],
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "stop_details": None,
    }


def ending_of(asked: Json, ending: Ending) -> Json:
    """OpenAI says `stop` for stop sequences too: without `matched` it is the turn's end."""
    stopped = ending.matched in (asked.get("stop_sequences") or ())
    reason = _reason(ending, stopped=stopped)
    details = {"type": "refusal", "category": None, "explanation": ending.refusal or None}
    return {
        "stop_reason": reason,
        "stop_sequence": ending.matched if reason == "stop_sequence" else None,
        "stop_details": details if reason == "refusal" else None,
    }


def _reason(ending: Ending, *, stopped: bool) -> str:
    if ending.refusal or ending.finish_reason == "content_filter":
        return "refusal"
    if ending.finish_reason in CAPPED:
        return "max_tokens"
    if ending.called:
        # Where a tool was prescribed, OpenAI says `stop`.
        return "tool_use"
    return "stop_sequence" if stopped else "end_turn"


def tokens_of(usage: Json) -> Json:
    """What the cache gave and took is part of OpenAI's `prompt_tokens`, and beside Anthropic's
    `input_tokens`. Zeros where the provider counts nothing."""
    read = choices.natural(usage, "prompt_tokens") or 0
    details = reading.part(usage, "prompt_tokens_details")
    cached = min(choices.natural(details, "cached_tokens") or 0, read)
    written = min(choices.natural(details, "cache_write_tokens") or 0, read - cached)
    tokens: Json = {
        "input_tokens": read - cached - written,
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": cached,
        "output_tokens": choices.natural(usage, "completion_tokens") or 0,
    }
    made = reading.part(usage, "completion_tokens_details")
    thought = choices.natural(made, "reasoning_tokens")
    if thought is not None:
        tokens["output_tokens_details"] = {"thinking_tokens": thought}
    return tokens


def service_of(asked: Json, answered: Json) -> Json:
    """What usage says besides tokens; of tiers that Anthropic does not have, nothing."""
    tier = reading.text(answered, "service_tier")
    service = {"service_tier": _TIERS[tier]} if tier in _TIERS else {}
    if asked.get("speed") == "fast":
        service["speed"] = "fast" if tier in _FAST else "standard"
    return service
