"""Limits, sampling, and who asks."""

from hashlib import sha256
from typing import Any

from tollgate_llm.dialects.caps import cap_of
from tollgate_llm.dialects.messages_to_chat.fields import refuse_rest
from tollgate_llm.dialects.translation import Drops, Json

_MOST_STOPS = 4
_LONGEST_USER = 64


def settings_of(asked: Json, model: str, drops: Drops) -> Json:
    settings = _cap(asked["max_tokens"], model, drops)
    settings |= sampling_of(asked)
    settings |= _stops(asked.get("stop_sequences") or [], drops)
    settings |= tier_of(asked, drops)
    return settings | user_of(asked.get("metadata") or {}, drops)


def _cap(most: int, model: str, drops: Drops) -> Json:
    if most < 1:
        drops.add("max_tokens", "this provider's cache cannot be warmed without an answer")
    return cap_of(max(most, 1), model)


def sampling_of(asked: Json) -> Json:
    """Temperatures from 0 to 1 mean the same in both dialects, of which one ends at 2."""
    names = ("temperature", "top_p")
    return {name: asked[name] for name in names if asked.get(name) is not None}


def _stops(given: list[str], drops: Drops) -> Json:
    for index in range(_MOST_STOPS, len(given)):
        drops.add(f"stop_sequences.{index}", f"chat completions take {_MOST_STOPS} at most")
    return {"stop": given[:_MOST_STOPS]} if given else {}


def tier_of(asked: Json, drops: Drops) -> Json:
    """Speed is a tier there, so that it decides where both are given."""
    tier, speed = asked.get("service_tier"), asked.get("speed")
    if tier not in (None, "auto", "standard_only"):
        drops.add("service_tier", f"this provider has no tier `{tier}`")
    if speed not in (None, "standard", "fast"):
        drops.add("speed", f"this provider has no speed `{speed}`")
    if speed == "fast":
        return {"service_tier": "priority"}
    return {"service_tier": "default"} if tier == "standard_only" else {}


def user_of(metadata: Json, drops: Drops) -> Json:
    """An id too long for the other side is hashed: still the same for the same user."""
    refuse_rest(metadata, ("user_id",), "metadata", drops)
    user: Any = metadata.get("user_id")
    if user is None:
        return {}
    return {"user": user if len(user) <= _LONGEST_USER else sha256(user.encode()).hexdigest()}
