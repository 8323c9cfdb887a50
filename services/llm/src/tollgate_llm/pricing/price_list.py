"""The vendors' list prices: those of genai-prices, and what the overlay adds to them.

Prices that depend on a date or a time of day are looked up again every minute. What an answer says
of its processing (`service_tier`, `speed`, `processing`) may have prices of its own.
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from cachetools import TTLCache
from genai_prices.data_snapshot import DataSnapshot, get_snapshot
from genai_prices.types import ModelInfo, ModelPrice, TieredPrices

from tollgate_llm.metering.usage import Measure
from tollgate_llm.pricing.overlay import Overlay, packaged
from tollgate_llm.pricing.tariffs import Prices, Tariff

REMEMBER_SECONDS = 60.0
MAX_REMEMBERED = 10_000
OPENAI, ANTHROPIC = "openai", "anthropic"

Conditions = tuple[tuple[str, str], ...]

_COLUMNS: dict[str, tuple[Measure, int]] = {
    "input_mtok": ("input", 1_000_000),
    "cache_read_mtok": ("cache_read", 1_000_000),
    "cache_write_mtok": ("cache_write_5m", 1_000_000),
    "cache_write_5m_mtok": ("cache_write_5m", 1_000_000),
    "cache_write_1h_mtok": ("cache_write_1h", 1_000_000),
    "output_mtok": ("output", 1_000_000),
    "output_reasoning_mtok": ("reasoning", 1_000_000),
    "output_citation_mtok": ("citations", 1_000_000),
    "input_audio_mtok": ("audio_input", 1_000_000),
    "cache_audio_read_mtok": ("cached_audio", 1_000_000),
    "output_audio_mtok": ("audio_output", 1_000_000),
    "input_image_mtok": ("image_input", 1_000_000),
    "cache_image_read_mtok": ("cached_image", 1_000_000),
    "output_image_mtok": ("image_output", 1_000_000),
    "audio_hours": ("seconds", 3_600),
    "input_audio_hours": ("seconds", 3_600),
    "input_document_kpages": ("pages", 1_000),
    "input_mchars": ("characters", 1_000_000),
    "web_searches_kcount": ("web_searches", 1_000),
    "storage_searches_kcount": ("file_searches", 1_000),
    "code_executions_kcount": ("code_sessions", 1_000),
    "requests_kcount": ("requests", 1_000),
}
"""The list's columns: which measure each prices, and for how many units."""


class PriceList:
    """Prices by genai-prices' own provider id and the model's name as callers write it."""

    def __init__(self, data: DataSnapshot | None = None, overlay: Overlay | None = None) -> None:
        self._data = data or get_snapshot()
        self.overlay = overlay or packaged()
        self._known: TTLCache[tuple[str, str, Conditions], Tariff | None] = TTLCache(
            MAX_REMEMBERED, REMEMBER_SECONDS, timer=time.monotonic
        )

    def use(self, overlay: Overlay) -> None:
        """Go by another overlay from now on."""
        self.overlay = overlay
        self._known.clear()

    def find(self, vendor: str, model: str, conditions: Conditions = ()) -> Tariff | None:
        """Return what a model costs under these conditions, with the fees of its vendor's tools;
        None where nobody knows a price of the model itself. Conditions that no price of the model
        depends on change nothing."""
        key = (vendor, model, conditions)
        try:
            return self._known[key]
        except KeyError:
            tariff = self._known[key] = self._find(vendor, model, conditions)
            return tariff

    def unheard_of(self, vendor: str, model: str, conditions: Conditions) -> Conditions:
        """Return those conditions that the model's prices depend on, by their name, and that have
        a value which the list does not know."""
        info = self._info(vendor, model)
        variants = (info.price_variants if info else None) or ()
        listed = {pair for variant in variants for pair in variant.when.items()}
        names = {name for name, _ in listed}
        return tuple(pair for pair in conditions if pair[0] in names and pair not in listed)

    def knows(self, vendor: str, model: str) -> bool:
        """Return whether the vendor has a model of that name, priced or not."""
        return self._info(vendor, model) is not None

    def context(self, vendor: str, model: str) -> int | None:
        """Return the most tokens that the model reads; None: nobody publishes it."""
        info = self._info(vendor, model)
        return info.context_window if info else None

    def names(self, vendor: str) -> list[str]:
        """Return the vendor's models by the names that can be called."""
        provider = next((p for p in self._data.providers if p.id == vendor), None)
        names = [model.id for model in provider.models] if provider else []
        return sorted(name for name in names if _callable(name) and self.knows(vendor, name))

    def vendor_of(self, base_url: str) -> str | None:
        """Return whose API is at this address."""
        try:
            return self._data.find_provider(None, None, base_url).id
        except LookupError:
            return None

    def listed(self, vendor: str, model: str, conditions: Conditions = ()) -> Tariff | None:
        """Return what the list itself says that a model costs, without the overlay."""
        info = self._info(vendor, model)
        prices = info.get_prices(datetime.now(UTC), dict(conditions)) if info else None
        return _tariff(prices) if prices else None

    def _find(self, vendor: str, model: str, conditions: Conditions) -> Tariff | None:
        listed = self.listed(vendor, model, conditions)
        added = self.overlay.prices(vendor, model)
        if listed is None and not added:
            return None
        tariff = (listed or Tariff(Prices({}))).with_others(added)
        return tariff.with_more(self.overlay.fees(vendor))

    def _info(self, vendor: str, model: str) -> ModelInfo | None:
        try:
            return self._data.find_provider_model(model, None, vendor, None)[1]
        except LookupError:
            return None


def _callable(name: str) -> bool:
    return not name.startswith("ft:") and not name.endswith("-")


def _tariff(listed: ModelPrice) -> Tariff | None:
    """Return the list's prices of one model, None where it has none of a measure that is known
    here. A tier of one column is a tier of all."""
    columns = {
        name: price for name in _COLUMNS if (price := getattr(listed, name, None)) is not None
    }
    starts = {
        tier.start
        for column in columns.values()
        if isinstance(column, TieredPrices)
        for tier in column.tiers
    }
    base = _prices_at(columns, 0)
    if not base.per_unit:
        return None
    tiers = tuple((start, _prices_at(columns, start + 1)) for start in sorted(starts, reverse=True))
    return Tariff(base, tiers)


def _prices_at(columns: Mapping[str, Decimal | TieredPrices], input_tokens: int) -> Prices:
    per_unit: dict[Measure, Decimal] = {}
    for name, column in columns.items():
        measure, units = _COLUMNS[name]
        per_unit.setdefault(measure, _at(column, input_tokens) / units)
    if "input" in per_unit:
        per_unit.setdefault("output", Decimal(0))
    return Prices(per_unit)


def _at(column: Decimal | TieredPrices, input_tokens: int) -> Decimal:
    if not isinstance(column, TieredPrices):
        return column
    price = column.base
    for tier in column.tiers:
        if input_tokens > tier.start:
            price = tier.price
    return price
