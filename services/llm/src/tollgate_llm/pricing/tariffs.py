"""One model's prices: US dollars for one unit of each measure, always decimals.

Once a request's input exceeds a tier's start, the tier's prices hold for all of it. A measure
without a price of its own has that of another: what a cache gives or takes costs as what is read
afresh, sound and pictures as text.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

import msgspec

from tollgate_common.usage_lines import Kind
from tollgate_llm.metering.usage import INPUT, OUTPUT, TOKENS, Measure

KINDS: dict[Measure, Kind] = {
    "input": "input",
    "cache_read": "cache_read",
    "cache_write_5m": "cache_write_5m",
    "cache_write_1h": "cache_write_1h",
    "output": "output",
    "reasoning": "output",
    "citations": "output",
    "audio_input": "audio_input",
    "cached_audio": "cache_read",
    "audio_output": "audio_output",
    "image_input": "image_input",
    "cached_image": "cache_read",
    "image_output": "image_output",
    "seconds": "seconds",
    "pages": "pages",
    "characters": "characters",
    "web_searches": "web_searches",
    "file_searches": "file_searches",
    "code_sessions": "code_sessions",
    "requests": "requests",
}
"""How a measure is shown in a line."""

_INSTEAD: dict[Measure, tuple[Measure, ...]] = {
    "cache_read": ("input",),
    "cache_write_5m": ("input",),
    "cache_write_1h": ("cache_write_5m", "input"),
    "audio_input": ("input",),
    "image_input": ("input",),
    "reasoning": ("output",),
    "citations": ("output",),
    "audio_output": ("output",),
    "image_output": ("output",),
}
MTOK_DIGITS = 6


_OTHER_UNITS = frozenset[Measure]({"seconds", "pages", "characters", "requests"})


class Prices(msgspec.Struct, frozen=True):
    """US dollars for one unit, by measure. `per_unit` has only what was published."""

    per_unit: dict[Measure, Decimal]

    def of(self, measure: Measure) -> Decimal | None:
        """Return the price that holds for a measure, None where nobody knows it."""
        known = self.per_unit
        price = known.get(measure)
        if price is not None:
            return price
        if measure in ("cached_audio", "cached_image"):
            return self._of_cached_medium("audio_input" if "audio" in measure else "image_input")
        return next((known[other] for other in _INSTEAD.get(measure, ()) if other in known), None)

    @property
    def has_token_prices(self) -> bool:
        return "input" in self.per_unit or "output" in self.per_unit

    @property
    def are_of_tokens_only(self) -> bool:
        """The model is priced by tokens, and neither by time, pages or characters nor by the
        request."""
        known = self.per_unit
        return self.has_token_prices and not (known.keys() & _OTHER_UNITS)

    def highest(self, measures: Iterable[Measure]) -> Decimal:
        """Return the most that one unit of any of these measures can cost."""
        return max((self.of(measure) or Decimal(0) for measure in measures), default=Decimal(0))

    def _of_cached_medium(self, medium: Measure) -> Decimal | None:
        """A medium with a price of its own is not as cheap as cached text."""
        return self.of(medium if medium in self.per_unit else "cache_read")


_Change = Callable[[Mapping[Measure, Decimal]], dict[Measure, Decimal]]


class Tariff(NamedTuple):
    """A model's prices, and those that hold from more input tokens on, the highest first."""

    base: Prices
    tiers: tuple[tuple[int, Prices], ...] = ()

    def at(self, input_tokens: int) -> Prices:
        for start, prices in self.tiers:
            if input_tokens > start:
                return prices
        return self.base

    def with_more(self, per_unit: Mapping[Measure, Decimal]) -> "Tariff":
        """Return the tariff with the prices of measures that it has none for."""
        return self._each(lambda known: {**per_unit, **known})

    def with_others(self, per_unit: Mapping[Measure, Decimal]) -> "Tariff":
        """Return the tariff with these prices in the place of its own."""
        return self._each(lambda known: {**known, **per_unit})

    def times(self, factor: Decimal) -> "Tariff":
        """Return the tariff with the prices of tokens multiplied."""
        return self._each(
            lambda known: {
                measure: usd * factor if measure in TOKENS else usd
                for measure, usd in known.items()
            }
        )

    def _each(self, change: _Change) -> "Tariff":
        tiers = tuple((start, Prices(change(prices.per_unit))) for start, prices in self.tiers)
        return Tariff(Prices(change(self.base.per_unit)), tiers)


def per_mtok(
    input_price: Decimal,
    output_price: Decimal,
    cached_input: Decimal | None = None,
    cache_write: Decimal | None = None,
) -> Tariff:
    """Return the tariff of prices for a million tokens, as the management API has them."""
    named: dict[Measure, Decimal | None] = {
        "input": input_price,
        "output": output_price,
        "cache_read": cached_input,
        "cache_write_5m": cache_write,
    }
    return Tariff(
        Prices({name: usd.scaleb(-MTOK_DIGITS) for name, usd in named.items() if usd is not None})
    )


def text_prices(prices: Prices) -> dict[str, str] | None:
    """Return the prices of text tokens as the management API has them, None where there are none:
    US dollars for a million tokens."""
    known = prices.per_unit
    if "input" not in known and "output" not in known:
        return None
    named = {
        "input_usd_per_mtok": known.get("input", Decimal(0)),
        "output_usd_per_mtok": known.get("output", Decimal(0)),
        "cached_input_usd_per_mtok": known.get("cache_read"),
        "cache_write_usd_per_mtok": known.get("cache_write_5m"),
    }
    return {name: mtok_text(usd) for name, usd in named.items() if usd is not None}


def mtok_text(usd_per_token: Decimal) -> str:
    """Return the price of a million tokens, with the places that it was given with."""
    return f"{usd_per_token.scaleb(MTOK_DIGITS):f}"


@lru_cache(maxsize=10_000)
def plain(amount: Decimal) -> str:
    """Return a decimal without exponent and without zeros at its end."""
    return f"{amount.normalize():f}"


def highest_input(prices: Prices) -> Decimal:
    """Return the most that an input token can cost: from a cache, into one, sound or picture."""
    return prices.highest(INPUT)


def highest_output(prices: Prices) -> Decimal:
    """Return the most that an output token can cost."""
    return prices.highest(OUTPUT)


SANDBOX = per_mtok(Decimal("1.00"), Decimal("2.00")).with_more(
    {
        "web_searches": Decimal("0.01"),
        "file_searches": Decimal("0.0025"),
        "code_sessions": Decimal("0.03"),
    }
)
_SANDBOX_SPECIALS: dict[str, Tariff | None] = {
    "sandbox-audio": SANDBOX.with_more({"seconds": Decimal("0.0001")}),
    "sandbox-unpriced": None,
}


def sandbox_tariff(model: str) -> Tariff | None:
    """Return what a model of the sandbox costs; None for the one that is to have no price."""
    return _SANDBOX_SPECIALS.get(model, SANDBOX)
