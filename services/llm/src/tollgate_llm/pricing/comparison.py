"""What a newer price list would change: the prices of two lists, measure by measure."""

from collections.abc import Iterator
from typing import NamedTuple

from genai_prices.data_snapshot import DataSnapshot

from tollgate_llm.metering.usage import TOKENS, Measure
from tollgate_llm.pricing.price_list import PriceList
from tollgate_llm.pricing.tariffs import Prices, Tariff, mtok_text, plain


class PriceChange(NamedTuple):
    """One price that differs. `above` is the input tokens from which on it holds; `before` and
    `after` are US dollars for a million tokens or for one unit, None where there is none."""

    vendor: str
    model: str
    measure: Measure
    above: int
    before: str | None
    after: str | None

    def line(self) -> str:
        """Return the change as a line of text."""
        tier = f" above {self.above} tokens" if self.above else ""
        unit = "a million tokens" if self.measure in TOKENS else "each"
        change = f"{self.before or 'none'} -> {self.after or 'none'}"
        return f"{self.vendor} {self.model}: {self.measure}{tier}: {change} USD ({unit})"


def price_changes(today: DataSnapshot, newer: DataSnapshot) -> Iterator[PriceChange]:
    """Yield each price that the newer list changes, adds or takes away, by vendor and model."""
    names = {(p.id, model.id) for p in (*today.providers, *newer.providers) for model in p.models}
    old, new = PriceList(today), PriceList(newer)
    for vendor, model in sorted(names):
        before, after = old.listed(vendor, model), new.listed(vendor, model)
        for above in sorted({0, *_starts(before), *_starts(after)}):
            yield from _differences(vendor, model, above, _at(before, above), _at(after, above))


def _differences(
    vendor: str, model: str, above: int, before: Prices, after: Prices
) -> Iterator[PriceChange]:
    for measure in sorted(before.per_unit.keys() | after.per_unit.keys()):
        old, new = _text(before, measure), _text(after, measure)
        if old != new:
            yield PriceChange(vendor, model, measure, above, old, new)


def _starts(tariff: Tariff | None) -> list[int]:
    return [start for start, _ in tariff.tiers] if tariff else []


def _at(tariff: Tariff | None, above: int) -> Prices:
    return tariff.at(above + 1) if tariff else Prices({})


def _text(prices: Prices, measure: Measure) -> str | None:
    usd = prices.per_unit.get(measure)
    if usd is None:
        return None
    return mtok_text(usd.normalize()) if measure in TOKENS else plain(usd)
