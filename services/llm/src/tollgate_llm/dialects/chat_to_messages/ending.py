"""Why an answer ended, and what it used."""

from collections.abc import Mapping
from typing import Any

from tollgate_llm.dialects import reading
from tollgate_llm.dialects.translation import Json

_REASONS: Mapping[Any, str] = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "content_filter",
    "tool_use": "tool_calls",
}
_TIERS = {"standard": "default", "priority": "priority"}


def finish_reason(ending: Json) -> str:
    """`stop` for reaching the end, a stop sequence, and whatever else there may come to be."""
    return _REASONS.get(reading.text(ending, "stop_reason"), "stop")


def refusal_of(ending: Json) -> str | None:
    """What the provider says about a refusal, if anything."""
    return reading.text(reading.part(ending, "stop_details"), "explanation") or None


def tier_of(usage: Json) -> Json:
    """The tier that was paid for, where chat completions have a word for it."""
    tier = _TIERS.get(reading.text(usage, "service_tier"))
    return {"service_tier": tier} if tier else {}


def usage_of(given: Json) -> Json | None:
    """Anthropic counts what the cache gave and took beside `input_tokens`, OpenAI among them."""
    if not given:
        return None
    cached = reading.number(given, "cache_read_input_tokens")
    written = reading.number(given, "cache_creation_input_tokens")
    read = reading.number(given, "input_tokens") + cached + written
    wrote = reading.number(given, "output_tokens")
    thought = reading.number(reading.part(given, "output_tokens_details"), "thinking_tokens")
    return {
        "prompt_tokens": read,
        "completion_tokens": wrote,
        "total_tokens": read + wrote,
        "prompt_tokens_details": {"cached_tokens": cached, "cache_write_tokens": written},
        "completion_tokens_details": {"reasoning_tokens": thought},
    }
