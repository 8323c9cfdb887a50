"""What a model's name asks to be reported as used: every shape in which vendors report usage that
is more than input and output, at figures that anyone can work out again.

Figures are constants, or parts of what the request and its answer come to in tokens. The models
that answer beside the one that was asked are the sandbox's own too.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

SECOND_MODEL = "sandbox-second"
"""Who advises, and who answers what another model has declined."""

COMPACTED_TOKENS, SUMMARY_TOKENS = 1_800, 35
"""What compaction reads and writes, beside the message."""

CONSULTING_TOKENS, ADVISOR_READS, ADVICE_TOKENS, AFTER_ADVICE_TOKENS = 9, 823, 161, 134
"""The call of the advisor; what it reads and writes; what is read afresh once it has spoken."""

THINKING_TOKENS = 97
SEARCHES, FETCHES, FILE_SEARCHES, CODE_CALLS = 3, 1, 1, 2
"""Two calls of the code interpreter run in one container."""

REFUSAL_TOKENS = 1
ABSURD_TOKENS = 10**15
SPEECH_TOKENS_PER_SECOND = 10


class Special(StrEnum):
    NONE = ""
    COMPACTION = "sandbox-compaction"
    ADVISOR = "sandbox-advisor"
    FALLBACK = "sandbox-fallback"
    FEES = "sandbox-fees"
    GEO = "sandbox-geo"
    REFUSAL = "sandbox-refusal"
    CACHE = "sandbox-cache"
    CACHE_LATE = "sandbox-cache-late"
    THINKING = "sandbox-thinking"
    AUDIO = "sandbox-audio"
    TIER = "sandbox-tier"
    UNPRICED = "sandbox-unpriced"
    ABSURD = "sandbox-absurd"
    GARBLED = "sandbox-garbled"
    GARBLED_NEGATIVE = "sandbox-garbled-negative"
    GARBLED_FRACTIONAL = "sandbox-garbled-fractional"
    GARBLED_TEXTUAL = "sandbox-garbled-textual"
    GARBLED_MISSING = "sandbox-garbled-missing"

    @classmethod
    def of(cls, model: str) -> Special:
        """By the whole name, or by what follows a router's prefix, as trouble is asked for."""
        return _BY_NAME.get(model.rpartition("/")[2], cls.NONE)


_BY_NAME = {special.value: special for special in Special if special is not Special.NONE}
NAMES = list(_BY_NAME)


def cache_split(tokens: int) -> tuple[int, int, int]:
    """Return how much of an input is read from the cache, written to it for five minutes, and for
    an hour: a half, a quarter and an eighth."""
    return tokens // 2, tokens // 4, tokens // 8


def late_cache_split(tokens: int) -> tuple[int, int]:
    """Return how much is read from the cache, and written to it for an hour: a half, a quarter."""
    return tokens // 2, tokens // 4


def distorted(usage: Mapping[str, Any], model: str) -> dict[str, Any]:
    """Return a usage document with the counts that `sandbox-absurd` and `sandbox-garbled` have.
    The first two of its counts are the input's and the output's, as every vendor has it."""
    special = Special.of(model)
    names = [name for name in usage if name in _COUNTS]
    if special is Special.GARBLED_MISSING:
        return {name: count for name, count in usage.items() if name != names[0]}
    wrong = _WRONG_COUNTS.get(special, ())
    return {**usage, **dict(zip(names, wrong, strict=False))}


_COUNTS = frozenset({"prompt_tokens", "completion_tokens", "input_tokens", "output_tokens"})
_WRONG_COUNTS: dict[Special, tuple[object, ...]] = {
    Special.ABSURD: (ABSURD_TOKENS, ABSURD_TOKENS),
    Special.GARBLED: (-5, "many"),
    Special.GARBLED_NEGATIVE: (-5,),
    Special.GARBLED_FRACTIONAL: (2.5,),
    Special.GARBLED_TEXTUAL: ("12",),
}
