"""What a request used, in one shape for all vendors.

A *measure* is a quantity that a vendor may bill by itself; no unit is counted under two of them, so
`input` is what was read afresh, without what a cache gave or took, without sound and pictures. A
measure is finer than a line's kind: cached sound has a price of its own and is shown as
`cache_read`.

Several models can have a part in one answer (compaction, advisors, fallbacks), each a `ModelUsage`.
"""

from typing import Literal

import msgspec

Measure = Literal[
    "input",
    "cache_read",
    "cache_write_5m",
    "cache_write_1h",
    "output",
    "reasoning",
    "citations",
    "audio_input",
    "cached_audio",
    "audio_output",
    "image_input",
    "cached_image",
    "image_output",
    "seconds",
    "pages",
    "characters",
    "web_searches",
    "file_searches",
    "code_sessions",
    "requests",
]
Quantities = dict[Measure, int | float]

CACHE_READS = frozenset[Measure]({"cache_read", "cached_audio", "cached_image"})
CACHE_WRITES = frozenset[Measure]({"cache_write_5m", "cache_write_1h"})
INPUT = CACHE_READS | CACHE_WRITES | frozenset[Measure]({"input", "audio_input", "image_input"})
OUTPUT = frozenset[Measure]({"output", "reasoning", "citations", "audio_output", "image_output"})
TOKENS = INPUT | OUTPUT
FEES = frozenset[Measure]({"web_searches", "file_searches", "code_sessions", "requests"})

USUAL_TIERS = frozenset({"auto", "default", "standard", "standard_only"})
TIER_CHARACTERS = 64


class ModelUsage(msgspec.Struct, frozen=True):
    """What one model was used for. `model` is None for the model that was asked."""

    quantities: Quantities
    model: str | None = None

    def total(self, measures: frozenset[Measure]) -> int:
        """Return the sum of some measures of tokens."""
        total = 0
        for measure, quantity in self.quantities.items():
            if measure in measures:
                total += int(quantity)
        return total


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What one answer used.

    `model` is the name that the answer gives itself. `reasoning_tokens` are part of the output,
    however the vendor counts them. `conditions` are what a price may depend on, by the names of
    the price list (`service_tier`, `speed`, `processing`, `inference_geo`); `service_tier` is the
    vendor's word for how the request was processed. `is_single_run` is False where tools of the
    vendor's may have run the model more than once, so that its context does not bound what was
    read. `estimated` says that a quantity is not the vendor's own.
    """

    parts: tuple[ModelUsage, ...] = ()
    model: str | None = None
    reasoning_tokens: int = 0
    service_tier: str | None = None
    conditions: tuple[tuple[str, str], ...] = ()
    is_single_run: bool = True
    estimated: bool = False

    @property
    def input_tokens(self) -> int:
        """All that was read, by any model: from a cache and into one included."""
        return self._total(INPUT)

    @property
    def output_tokens(self) -> int:
        """All that was made, by any model: reasoning included."""
        return self._total(OUTPUT)

    @property
    def cached_input_tokens(self) -> int:
        return self._total(CACHE_READS)

    @property
    def cache_write_tokens(self) -> int:
        return self._total(CACHE_WRITES)

    def with_output_of_at_least(self, tokens: int) -> "Usage":
        """Return the usage with as much output of the model that was asked, if it has less."""
        missing = tokens - self.output_tokens
        if missing <= 0:
            return self
        first, *rest = self.parts or (ModelUsage({}),)
        more = {**first.quantities, "output": first.quantities.get("output", 0) + missing}
        return msgspec.structs.replace(
            self, parts=(msgspec.structs.replace(first, quantities=more), *rest)
        )

    def plus(self, other: "Usage") -> "Usage":
        """Return what both used together; the later one says how it was processed."""
        return msgspec.structs.replace(
            other,
            parts=(*self.parts, *other.parts),
            model=other.model or self.model,
            reasoning_tokens=self.reasoning_tokens + other.reasoning_tokens,
            estimated=self.estimated or other.estimated,
        )

    def _total(self, measures: frozenset[Measure]) -> int:
        return sum(part.total(measures) for part in self.parts)


NOTHING = Usage()


def usage_of(*, estimated: bool = False, **quantities: int | float) -> Usage:
    """Return the usage of the model that was asked, by measures; quantities of nothing are left
    out."""
    return Usage(parts=(part_of(quantities),), estimated=estimated)  # type: ignore[arg-type]


def part_of(quantities: Quantities, model: str | None = None) -> ModelUsage:
    """Return what one model was used for, without what it was not used for."""
    return ModelUsage({name: value for name, value in quantities.items() if value}, model)


def tier_of(reported: object) -> str | None:
    """Return the vendor's word for how a request was processed, None where it says nothing."""
    return reported[:TIER_CHARACTERS] if isinstance(reported, str) and reported else None
