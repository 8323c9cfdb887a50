"""`reasoning_effort`, and the thoughts of earlier turns.

Models that decide themselves how long to think are told the effort; `minimal` is their `low`.
The others get a share of the output cap for thinking, at least 1024 tokens of it:

    minimal 10 %, low 20 %, medium 50 %, high 80 %, xhigh and max 90 %

`none` turns thinking off. Nothing said leaves it to the model.
"""

from typing import Any

from tollgate_llm.dialects.chat_to_messages.models import (
    can_refrain_from_thinking,
    thinks_adaptively,
)
from tollgate_llm.dialects.translation import Drops, Json

_LEAST_BUDGET = 1024
_PERCENT = {"minimal": 10, "low": 20, "medium": 50, "high": 80, "xhigh": 90, "max": 90}
_OURS = ("chat:", "responses:")
"""A signature begins with one of these where a translation from messages has made it."""
_THOUGHTS = {"thinking": ("thinking", "signature"), "redacted_thinking": ("data",)}


def thinking_of(effort: str | None, body: Json, drops: Drops) -> Json:
    """`thinking` and `output_config` for the request made so far."""
    if effort is None:
        return {}
    if reason := _unthinkable(effort, body):
        drops.add("reasoning_effort", reason)
        return {}
    if effort == "none":
        return {"thinking": {"type": "disabled"}}
    if thinks_adaptively(body["model"]):
        thinking = {"type": "adaptive", "display": "summarized"}
        effort = "low" if effort == "minimal" else effort
        return {"thinking": thinking, "output_config": {"effort": effort}}
    budget = max(_LEAST_BUDGET, body["max_tokens"] * _PERCENT[effort] // 100)
    return {"thinking": {"type": "enabled", "budget_tokens": budget}}


def thoughts_of(message: Json, at: str, drops: Drops) -> list[Json]:
    """The blocks that an earlier answer gave, as they were. Thoughts that Anthropic has not signed
    are left out: a model is shown no thoughts but its own."""
    given = message.get("thinking_blocks") or []
    found = enumerate(given if isinstance(given, list) else [given])
    blocks = (_thought(block, f"{at}.thinking_blocks.{index}", drops) for index, block in found)
    signed = [block for block in blocks if block]
    if message.get("reasoning_content") and not signed:
        drops.hint(f"{at}.reasoning_content")
    return signed


def _unthinkable(effort: str, body: Json) -> str | None:
    if effort == "none":
        return None if can_refrain_from_thinking(body["model"]) else "this model always thinks"
    if body.get("tool_choice", {}).get("type") in ("any", "tool"):
        return "it does not think before a call that it is forced to make"
    if thinks_adaptively(body["model"]):
        return None
    if body["max_tokens"] <= _LEAST_BUDGET:
        return f"thinking takes at least {_LEAST_BUDGET} of the output tokens"
    if _began_thoughtless(body["messages"]):
        return "to go on thinking after a call it needs the `thinking_blocks` that came with it"
    return None


def _began_thoughtless(turns: list[Json]) -> bool:
    """Whether calls are under way of which the first came without a thought."""
    asked = max((index for index, turn in enumerate(turns) if _asks(turn)), default=-1)
    content = next((turn["content"] for turn in turns[asked + 1 :]), "")
    return isinstance(content, list) and content[0]["type"] not in _THOUGHTS


def _asks(turn: Json) -> bool:
    """Whether the user says something, besides giving results."""
    content = turn["content"]
    spoken = isinstance(content, str) or any(each["type"] != "tool_result" for each in content)
    return spoken and turn["role"] == "user"


def _thought(given: Any, at: str, drops: Drops) -> Json | None:
    """Of no type that was checked before: the field is ours."""
    kind = given.get("type") if isinstance(given, dict) else None
    names = _THOUGHTS.get(kind, ()) if isinstance(kind, str) else ()
    is_whole = bool(names) and all(isinstance(given.get(name), str) for name in names)
    if not is_whole or str(given.get("signature")).startswith(_OURS):
        drops.hint(at)
        return None
    return {"type": kind, **{name: given[name] for name in names}}
