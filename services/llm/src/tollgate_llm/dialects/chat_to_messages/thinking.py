"""`reasoning_effort`, and the thoughts of earlier turns.

Models that decide themselves how long to think are told the effort; `minimal` is their `low`.
The others get a share of the output cap for thinking, at least 1024 tokens of it:

    minimal 10 %, low 20 %, medium 50 %, high 80 %, xhigh and max 90 %

`none` turns thinking off. Nothing said leaves it to the model.
"""

from typing import Any

from tollgate_llm.dialects.chat_to_messages.models import thinks_adaptively
from tollgate_llm.dialects.translation import Drops, Json

LEAST_BUDGET = 1024
_PERCENT = {"minimal": 10, "low": 20, "medium": 50, "high": 80, "xhigh": 90, "max": 90}


def thinking_of(effort: str | None, body: Json, drops: Drops) -> Json:
    """`thinking` and `output_config` for the request made so far."""
    if effort is None:
        return {}
    if effort == "none":
        return {"thinking": {"type": "disabled"}}
    if body.get("tool_choice", {}).get("type") in ("any", "tool"):
        drops.add("reasoning_effort", "it does not think before a call that it is forced to make")
        return {}
    if thinks_adaptively(body["model"]):
        thinking = {"type": "adaptive", "display": "summarized"}
        effort = "low" if effort == "minimal" else effort
        return {"thinking": thinking, "output_config": {"effort": effort}}
    return _budgeted(effort, body["max_tokens"], drops)


def thoughts_of(message: Json, at: str, drops: Drops) -> list[Json]:
    """The blocks that an earlier answer gave, as they were."""
    given = message.get("thinking_blocks")
    if not given:
        if message.get("reasoning_content"):
            drops.add(
                f"{at}.reasoning_content",
                "only signed thoughts are taken back: send the answer's `thinking_blocks`",
            )
        return []
    found = enumerate(given if isinstance(given, list) else [given])
    blocks = (_thought(block, f"{at}.thinking_blocks.{index}", drops) for index, block in found)
    return [block for block in blocks if block]


def _budgeted(effort: str, cap: int, drops: Drops) -> Json:
    if cap <= LEAST_BUDGET:
        reason = f"thinking takes at least {LEAST_BUDGET} of the output tokens"
        drops.add("reasoning_effort", reason)
        return {}
    budget = max(LEAST_BUDGET, cap * _PERCENT[effort] // 100)
    return {"thinking": {"type": "enabled", "budget_tokens": budget}}


def _thought(given: Any, at: str, drops: Drops) -> Json | None:
    """Of no type that was checked before: the field is ours."""
    if isinstance(given, dict):
        for kind, names in (
            ("thinking", ("thinking", "signature")),
            ("redacted_thinking", ("data",)),
        ):
            if given.get("type") == kind and all(
                isinstance(given.get(name), str) for name in names
            ):
                return {"type": kind, **{name: given[name] for name in names}}
    drops.add(at, "it is no block of a thought with its signature")
    return None
