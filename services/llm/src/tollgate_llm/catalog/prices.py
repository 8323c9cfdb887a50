"""What a token costs: US dollars per million tokens, always decimals.

List prices are those of genai-prices, with the tiers it knows: once a request's input exceeds a
tier's start, the tier's price holds for all of its tokens. Prices that depend on a date or a time
of day are looked up again every minute. What is not priced by tokens (seconds of audio, searches)
has no price here.
"""

import time
from collections import OrderedDict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec
from genai_prices.data_snapshot import DataSnapshot, get_snapshot
from genai_prices.types import ModelInfo, ModelPrice, TieredPrices

from tollgate_common.money import cost_nanos
from tollgate_llm.metering.usage import Usage

REMEMBER_SECONDS = 60.0
REMEMBERED = 10_000
OPENAI, ANTHROPIC = "openai", "anthropic"


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """`cached_input` and `cache_write` are as `input` where they are None. `text` is the same as
    an outcome, a ledger row and the management API have it."""

    input: Decimal
    output: Decimal
    cached_input: Decimal | None = None
    cache_write: Decimal | None = None
    text: dict[str, str] = {}

    def cost(self, usage: Usage) -> int:
        """In nano-dollars, exact, rounded once."""
        cached, written = usage.cached_input_tokens, usage.cache_write_tokens
        if not cached and not written:
            return cost_nanos((usage.input_tokens, self.input), (usage.output_tokens, self.output))
        return cost_nanos(
            (usage.input_tokens - cached - written, self.input),
            (cached, self.input if self.cached_input is None else self.cached_input),
            (written, self.input if self.cache_write is None else self.cache_write),
            (usage.output_tokens, self.output),
        )

    def highest_input(self) -> Decimal:
        """What an input token costs at most, read from the cache, written to it, or neither."""
        return max(self.input, self.cached_input or self.input, self.cache_write or self.input)


def make_price(
    input_price: Decimal,
    output_price: Decimal,
    cached_input: Decimal | None = None,
    cache_write: Decimal | None = None,
) -> Price:
    named = {
        "input_usd_per_mtok": input_price,
        "output_usd_per_mtok": output_price,
        "cached_input_usd_per_mtok": cached_input,
        "cache_write_usd_per_mtok": cache_write,
    }
    text = {name: f"{value:f}" for name, value in named.items() if value is not None}
    return Price(
        input=input_price, output=output_price, cached_input=cached_input, cache_write=cache_write,
        text=text,
    )  # fmt: skip


class Tariff(NamedTuple):
    """A model's price, and those that hold from more input tokens on, the highest first."""

    base: Price
    tiers: tuple[tuple[int, Price], ...] = ()

    def at(self, input_tokens: int) -> Price:
        for start, price in self.tiers:
            if input_tokens > start:
                return price
        return self.base

    def highest(self) -> Price:
        """The price that bounds what a request may cost."""
        return self.tiers[0][1] if self.tiers else self.base


SANDBOX = Tariff(make_price(Decimal("1.00"), Decimal("2.00")))


class PriceList:
    """genai-prices, by its own provider id and the model's name as callers write it."""

    def __init__(self, data: DataSnapshot | None = None) -> None:
        self._data = data or get_snapshot()
        self._known: OrderedDict[tuple[str, str], tuple[float, Tariff | None]] = OrderedDict()

    def find(self, vendor: str, model: str) -> Tariff | None:
        """None: not known, or not priced by tokens."""
        known = self._known.get((vendor, model))
        if known is not None and known[0] > time.monotonic():
            return known[1]
        info = self._info(vendor, model)
        tariff = _tariff(info.get_prices(datetime.now(UTC))) if info else None
        self._known[vendor, model] = (time.monotonic() + REMEMBER_SECONDS, tariff)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return tariff

    def knows(self, vendor: str, model: str) -> bool:
        return self._info(vendor, model) is not None

    def names(self, vendor: str) -> list[str]:
        """The names of a vendor's models, those that can be asked for as they are written."""
        provider = next((p for p in self._data.providers if p.id == vendor), None)
        models = provider.models if provider else []
        return [info.id for info in models if info.is_match(info.id) and _callable(info.id)]

    def vendor_of(self, base_url: str) -> str | None:
        """Whose API it is that answers at this address, if it is a known one."""
        try:
            return self._data.find_provider(None, None, base_url).id
        except LookupError:
            return None

    def _info(self, vendor: str, model: str) -> ModelInfo | None:
        try:
            return self._data.find_provider_model(model, None, vendor, None)[1]
        except LookupError:
            return None


def _callable(name: str) -> bool:
    return not name.startswith("ft:") and not name.endswith("-")


def _tariff(prices: ModelPrice) -> Tariff | None:
    columns: dict[str, Any] = {
        "input_price": prices.input_mtok,
        "output_price": prices.output_mtok,
        "cached_input": prices.cache_read_mtok,
        "cache_write": prices.cache_write_mtok,
    }
    if columns["input_price"] is None:
        return None
    starts = {
        tier.start
        for column in columns.values()
        if isinstance(column, TieredPrices)
        for tier in column.tiers
    }
    tiers = tuple((start, _price(columns, start + 1)) for start in sorted(starts, reverse=True))
    return Tariff(_price(columns, 0), tiers)


def _price(columns: dict[str, Any], input_tokens: int) -> Price:
    at = {name: _at(column, input_tokens) for name, column in columns.items()}
    at["output_price"] = at["output_price"] or Decimal(0)
    return make_price(**at)  # type: ignore[arg-type]  # an input price there is, see above


def _at(column: Decimal | TieredPrices | None, input_tokens: int) -> Decimal | None:
    if not isinstance(column, TieredPrices):
        return column
    price = column.base
    for tier in column.tiers:
        if input_tokens > tier.start:
            price = tier.price
    return price
