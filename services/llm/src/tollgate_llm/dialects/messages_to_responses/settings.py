"""Limits, sampling, and who asks."""

from tollgate_llm.dialects.messages_to_chat.settings import sampling_of, tier_of, user_of
from tollgate_llm.dialects.translation import Drops, Json

_LEAST_CAP = 16
"""Output tokens; OpenAI's responses take no smaller `max_output_tokens`."""


def settings_of(request: Json, drops: Drops) -> Json:
    settings = _cap(request["max_tokens"], drops) | _sampling(request) | tier_of(request, drops)
    return settings | user_of(request.get("metadata") or {}, drops)


def _cap(most: int, drops: Drops) -> Json:
    if most < _LEAST_CAP:
        drops.add("max_tokens", f"this provider takes no cap below {_LEAST_CAP}")
    return {"max_output_tokens": max(most, _LEAST_CAP)}


def _sampling(request: Json) -> Json:
    """Return what is not 1, which is what goes without saying in both dialects: models that reason
    refuse to be told even that."""
    return {name: value for name, value in sampling_of(request).items() if value != 1}
