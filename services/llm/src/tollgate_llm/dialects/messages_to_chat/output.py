"""How much thought goes into the answer, and the form that it has.

`reasoning_effort` is `output_config.effort`, at a level that the model knows. Without it, a
thinking budget says as much: below 4,096 tokens `low`, below 16,384 `medium`, else `high`. Adaptive
thinking is what reasoning models do unasked. Disabled thinking says nothing, for few models can be
told, and no effort is asked of a model that is not to think.
"""

from typing import Any

from tollgate_llm.dialects.messages_to_chat.fields import refuse_rest
from tollgate_llm.dialects.messages_to_chat.models import effort_for
from tollgate_llm.dialects.schemas import complete
from tollgate_llm.dialects.translation import Drops, Json, Wanted

_BUDGETS = ((4096, "low"), (16384, "medium"))
_EFFORTS = ("low", "medium", "high", "xhigh", "max")
_FORMAT_NAME = "answer"


def output_of(asked: Json, wanted: Wanted, drops: Drops) -> Json:
    config = asked.get("output_config") or {}
    refuse_rest(config, ("effort", "format"), "output_config", drops)
    output = _effort(asked.get("thinking") or {}, config.get("effort"), wanted, drops)
    if config.get("format"):
        return output | _format(config["format"], "output_config.format", drops)
    # What the beta calls it.
    return output | _format(asked.get("output_format") or {}, "output_format", drops)


def _effort(thinking: Json, effort: Any, wanted: Wanted, drops: Drops) -> Json:
    refuse_rest(thinking, ("type", "budget_tokens", "display"), "thinking", drops)
    kind = thinking.get("type", "adaptive")
    if kind not in ("adaptive", "enabled", "disabled"):
        drops.add("thinking.type", "this provider decides by itself when to think")
    if effort is not None and effort not in _EFFORTS:
        drops.add("output_config.effort", f"this provider has no effort `{effort}`")
        effort = None
    if effort is not None:
        known = None if kind == "disabled" else effort_for(wanted, effort)
        return _told("output_config.effort", known, drops)
    if kind != "enabled":
        return {}
    known = effort_for(wanted, _worth(thinking["budget_tokens"]))
    return _told("thinking.budget_tokens", known, drops)


def _told(param: str, effort: str | None, drops: Drops) -> Json:
    if effort is None:
        drops.hint(param)
        return {}
    return {"reasoning_effort": effort}


def _worth(budget: int) -> str:
    return next((effort for most, effort in _BUDGETS if budget < most), "high")


def _format(given: Json, at: str, drops: Drops) -> Json:
    if not given:
        return {}
    refuse_rest(given, ("type", "schema"), at, drops)
    if given.get("type") != "json_schema":
        drops.add(f"{at}.type", "the only other form of an answer is a JSON schema")
        return {}
    schema = {"name": _FORMAT_NAME, "schema": complete(given["schema"]), "strict": True}
    return {"response_format": {"type": "json_schema", "json_schema": schema}}
