"""The response object: what became of the request, and what it repeats of it."""

from time import time
from typing import Any, NamedTuple

from tollgate_llm.dialects import ids, reading
from tollgate_llm.dialects.completions import CAPPED
from tollgate_llm.dialects.translation import Json

_ECHOED: Json = {
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "prompt_cache_key": None,
    "reasoning": {"effort": None, "summary": None},
    "safety_identifier": None,
    "temperature": None,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": None,
    "user": None,
}
"""With what is true of what the request leaves out, as far as it is known."""

_ALWAYS: Json = {
    "background": False,
    "error": None,
    "previous_response_id": None,
    "store": False,
    "truncation": "disabled",
}
_INCOMPLETE = {"content_filter": "content_filter"}
_SERVICE_TIERS = frozenset({"auto", "default", "flex", "scale", "priority", "fast"})


class Head(NamedTuple):
    """`number` is the provider's id without its prefix: all our ids are made of it."""

    number: str
    created: int


class Ending(NamedTuple):
    """`reason` is why a response is incomplete, None when it is whole."""

    reason: str | None = None
    usage: Json | None = None
    service_tier: str | None = None

    @property
    def status(self) -> str:
        return "incomplete" if self.reason else "completed"


def head_of(answered: Json) -> Head:
    created = reading.number(answered, "created") or int(time())
    name = ids.bare(reading.text(answered, "id"))
    return Head(name or str(created), created)


def begun(asked: Json, head: Head) -> Json:
    return _response(asked, head, "in_progress", [], Ending())


def ended(asked: Json, head: Head, output: list[Json], ending: Ending) -> Json:
    return _response(asked, head, ending.status, output, ending)


def incomplete_reason(finish_reason: Any) -> str | None:
    if not isinstance(finish_reason, str):
        return None
    return "max_output_tokens" if finish_reason in CAPPED else _INCOMPLETE.get(finish_reason)


def tier_of(answered: Json) -> str | None:
    tier = reading.text(answered, "service_tier")
    return tier if tier in _SERVICE_TIERS else None


def usage_of(answered: Json) -> Json | None:
    """Both dialects count cached tokens among the input and reasoning among the output."""
    given = reading.part(answered, "usage")
    if not given:
        return None
    read, wrote = reading.number(given, "prompt_tokens"), reading.number(given, "completion_tokens")
    inputs = reading.part(given, "prompt_tokens_details")
    outputs = reading.part(given, "completion_tokens_details")
    return {
        "input_tokens": read,
        "input_tokens_details": {
            "cached_tokens": reading.number(inputs, "cached_tokens"),
            "cache_write_tokens": reading.number(inputs, "cache_write_tokens"),
        },
        "output_tokens": wrote,
        "output_tokens_details": {"reasoning_tokens": reading.number(outputs, "reasoning_tokens")},
        "total_tokens": reading.number(given, "total_tokens", read + wrote),
    }


def _response(asked: Json, head: Head, status: str, output: list[Json], ending: Ending) -> Json:
    given = {name: asked.get(name) for name in _ECHOED}
    echoed = {
        name: _ECHOED[name] if value is None else value for name, value in given.items()
    }  # fmt: skip
    return {
        "id": f"resp_{head.number}",
        "object": "response",
        "created_at": head.created,
        "status": status,
        "completed_at": int(time()) if status == "completed" else None,
        "incomplete_details": {"reason": ending.reason} if ending.reason else None,
        "model": asked["model"],
        "output": output,
        "service_tier": ending.service_tier,
        "usage": ending.usage,
        **_ALWAYS,
        **echoed,
    }
