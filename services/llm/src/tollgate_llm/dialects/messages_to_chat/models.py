"""Which effort a model of chat completions can be told: by its name, unless it is known better.

A model that does not reason, or always as much, refuses `reasoning_effort`, and one that does
refuses the levels that it does not know. Sources: OpenAI's model pages, and the
references of xAI, Mistral and vLLM.
"""

import re

from tollgate_llm.dialects.translation import Wanted

_LADDER = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
_USUAL = ("low", "medium", "high")
_START = r"(^|[/:.])"
_WITHOUT_EFFORT = re.compile(
    _START + r"(gpt-3\.5|(chat)?gpt-4|gpt-[5-9](\.\d+)?-chat|o1-(mini|preview)"
    r"|grok-3(?!-mini)|grok-4(?![.\d])(?!.*reasoning))|non-?reasoning"
)
_LEVELS: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (re.compile(_START + r"gpt-5(\.1)?-codex-max"), ("low", "medium", "high", "xhigh")),
    (re.compile(_START + r"gpt-5-pro"), ("high",)),
    (re.compile(_START + r"gpt-5(?!\.\d)"), ("minimal", "low", "medium", "high")),
    (re.compile(_START + r"gpt-5\.1(?!\d)"), ("none", "low", "medium", "high")),
    (re.compile(_START + r"gpt-([5-9]|\d\d)"), ("none", "low", "medium", "high", "xhigh")),
    (re.compile(_START + r"o\d"), _USUAL),
    (re.compile(r"grok-3-mini"), ("low", "high")),
    (re.compile(r"reason|thinking|deepseek-r|qwq|gpt-oss|magistral"), _USUAL),
)


def effort_for(wanted: Wanted, effort: str) -> str | None:
    """Return the level for the model that comes closest to `effort` without going above it, or the
    model's lowest. None is for a model that takes no effort. A name that tells nothing is that of
    a model that may know the levels which all servers know."""
    name = wanted.model.lower()
    reasons = not _WITHOUT_EFFORT.search(name) if wanted.reasons is None else wanted.reasons
    if not reasons:
        return None
    levels = next((levels for known, levels in _LEVELS if known.search(name)), _USUAL)
    most = _LADDER.index(effort)
    return next((each for each in reversed(levels) if _LADDER.index(each) <= most), levels[0])
