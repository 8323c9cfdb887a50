"""Refuses the fields that nothing was made of, each by its name."""

from collections.abc import Collection, Mapping
from typing import Any

from tollgate_llm.dialects.translation import Drops, Json

_NO_EFFECT: Mapping[str, tuple[Any, ...]] = {
    "function_call": ("auto", "none"),
    "frequency_penalty": (0,),
    "functions": ([],),
    "logit_bias": ({},),
    "logprobs": (False,),
    "metadata": ({},),
    "modalities": (["text"],),
    "n": (1,),
    "presence_penalty": (0,),
    "store": (False,),
    "top_logprobs": (0,),
    "verbosity": ("medium",),
}
"""What says no more than leaving the field out."""

_OLD_FUNCTIONS = "say it with `tools`, which have replaced functions"
_REASONS: Mapping[str, str] = {
    "audio": "it neither hears nor speaks",
    "file_id": "nothing is stored at this provider",
    "function_call": _OLD_FUNCTIONS,
    "functions": _OLD_FUNCTIONS,
    "logprobs": "it does not tell probabilities",
    "modalities": "it answers in text only",
    "n": "it gives one answer at a time",
    "name": "it does not tell the participants of one role apart",
    "store": "nothing is stored at this provider",
    "top_logprobs": "it does not tell probabilities",
    "web_search_options": "its web search is a tool of another kind",
}
_NO_COUNTERPART = "Anthropic's messages have no counterpart"


def refuse_rest(given: Json, understood: Collection[str], at: str, drops: Drops) -> None:
    """`at` is the object's own path, empty for the request itself. Null says nothing."""
    for name, value in given.items():
        if name in understood or value is None or value in _NO_EFFECT.get(name, ()):
            continue
        drops.add(f"{at}.{name}" if at else name, _REASONS.get(name, _NO_COUNTERPART))
