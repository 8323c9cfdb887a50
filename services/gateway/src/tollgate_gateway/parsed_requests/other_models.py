"""The models that a request has the provider ask beside its own, each at its own price: an advisor,
which the model asks while it answers, and fallbacks, which answer what the model declines
(Anthropic: `advisor_…` tools and `fallbacks`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tollgate_gateway.parsed_requests import vendor_rules as rules
from tollgate_gateway.parsed_requests.parsed_request import MAX_MODEL_CHARACTERS

MAX_OTHER_MODELS = 8
"""More than anybody asks in one request, and few enough for the address by which llm is asked."""
_FALLBACK_MEMBERS = frozenset({"model", "max_tokens", "thinking", "output_config"})
"""The members of a fallback that change neither its price nor what it reads."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OtherModel:
    """A model that the provider may ask at most `max_uses` times, each up to `cap` tokens of
    output; None: up to the request's own cap. `is_advisor` says that it may read more than the
    request has. `field` names the part of the request that brings it."""

    name: str
    max_uses: int
    cap: int | None
    is_advisor: bool
    field: str


class UnboundedModel(ValueError):
    """Nothing bounds what another model may use; the message names the part of the request."""


def other_models(members: dict[str, Any]) -> tuple[OtherModel, ...]:
    """Return the other models of a request, or raise `UnboundedModel`."""
    others = (*_advisors(members.get("tools")), *_fallbacks(members.get("fallbacks")))
    if len(others) > MAX_OTHER_MODELS:
        raise UnboundedModel(others[-1].field)
    return others


def _advisors(tools: Any) -> Iterator[OtherModel]:
    """An advisor without a cap of its own has its model's, which nobody publishes."""
    for tool in tools if isinstance(tools, list) else ():
        kind = str(tool.get("type")) if isinstance(tool, dict) else ""
        if not kind.startswith(rules.ADVISORS):
            continue
        field = f"tools: {kind[: rules.MAX_SHOWN_CHARACTERS]}"
        max_uses, cap = _count(tool.get("max_uses")), _count(tool.get("max_tokens"))
        if max_uses is None or cap is None:
            raise UnboundedModel(field)
        yield OtherModel(
            name=_name(tool, field), max_uses=max_uses, cap=cap, is_advisor=True, field=field
        )


def _fallbacks(entries: Any) -> Iterator[OtherModel]:
    if not entries:
        return
    if not isinstance(entries, list):
        raise UnboundedModel("fallbacks")
    for place, entry in enumerate(entries):
        field = f"fallbacks: {place}"
        if not isinstance(entry, dict) or not _FALLBACK_MEMBERS.issuperset(entry):
            raise UnboundedModel(field)
        cap = _count(entry.get("max_tokens"))
        if cap is None and entry.get("max_tokens") is not None:
            raise UnboundedModel(field)
        yield OtherModel(
            name=_name(entry, field), max_uses=1, cap=cap, is_advisor=False, field=field
        )


def _name(entry: dict[str, Any], field: str) -> str:
    name = entry.get("model")
    if not isinstance(name, str) or not 0 < len(name) <= MAX_MODEL_CHARACTERS:
        raise UnboundedModel(field)
    return name


def _count(value: Any) -> int | None:
    is_count = isinstance(value, int) and not isinstance(value, bool) and value > 0
    return value if is_count else None
