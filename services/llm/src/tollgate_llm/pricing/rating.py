"""From usage to priced lines: pure rules, no look-ups.

What an answer reports is billed by the measures that its model has prices for. A model that is
priced by time, pages or characters is not billed for the tokens that its answer also counts; one
that is priced by tokens is. What is left without a price has a line without one: it is marked,
never free.

A report beyond what is possible is no report: it is billed at what is possible, and marked.
Possible is what the model's context holds, or the request's own bound where that is higher (several
prompts or choices in one request).
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple, Protocol

import msgspec

from tollgate_common.usage_lines import Factor, UsageLine, priced_line, total_nanos
from tollgate_llm.metering.openai_usage import AUDIO_TOKENS_PER_SECOND
from tollgate_llm.metering.usage import (
    FEES,
    INPUT,
    OUTPUT,
    TOKENS,
    Measure,
    ModelUsage,
    Quantities,
    Usage,
    part_of,
)
from tollgate_llm.pricing.overlay import Timed
from tollgate_llm.pricing.tariffs import KINDS, Prices, Tariff, plain

UNITS_INSTEAD_OF_TOKENS: tuple[Measure, ...] = ("seconds", "pages", "characters")
MAX_TOKENS = 100_000_000
"""More than any model reads or makes in one answer, where nobody publishes what it can."""
MAX_UNITS: Mapping[Measure, int] = {
    "seconds": 7 * 86_400,
    "pages": 100_000,
    "characters": 10_000_000,
    **dict.fromkeys(FEES, 10_000),
}
"""More than one call can use of what is no token."""


class ModelTerms(NamedTuple):
    """What billing goes by for one model. `tariff` is None where nobody knows a price; `fees` are
    what its vendor's tools cost then. `unheard_of`: the answer was processed in a way that the
    list has no price for. `context` is the most tokens that the model reads."""

    tariff: Tariff | None
    fees: Mapping[Measure, Decimal] = {}
    factors: tuple[Factor, ...] = ()
    minima: Mapping[Timed, int] = {}
    context: int | None = None
    unheard_of: bool = False


class TermsOf(Protocol):
    def __call__(self, model: str | None, usage: Usage) -> tuple[str, ModelTerms]:
        """Return a model's name in the books, and its terms; None is the model that was asked."""
        ...


class Possible(NamedTuple):
    """The most tokens that the request itself lets a model read and make."""

    input_tokens: int
    output_tokens: int


class Bill(NamedTuple):
    """What one answer is billed. `usage` is what was billed, after what is impossible was cut;
    `prices` are those of the model that was asked; `is_exact` says that the price is known to be
    the one that holds. `exceeds_context`: more was reported than one run of the model can use, and
    the request's own bound has to decide."""

    lines: tuple[UsageLine, ...] = ()
    usage: Usage = Usage()
    prices: Prices | None = None
    is_exact: bool = True
    is_capped: bool = False
    exceeds_context: bool = False

    @property
    def cost_nanos(self) -> int:
        return total_nanos(self.lines)

    @property
    def is_unpriced(self) -> bool:
        return any(line.is_unpriced for line in self.lines)

    def after(self, earlier: "Bill") -> "Bill":
        """Return both together, the lines of the earlier one first."""
        return Bill(
            lines=(*earlier.lines, *self.lines),
            usage=earlier.usage.plus(self.usage),
            prices=self.prices or earlier.prices,
            is_exact=earlier.is_exact and self.is_exact,
            is_capped=earlier.is_capped or self.is_capped,
        )


def bill(usage: Usage, terms_of: TermsOf, possible: Possible | None = None) -> Bill:
    """Return the bill of an answer. Without `possible`, only what no model can use is cut."""
    bills = [_bill_of_part(part, usage, terms_of, possible) for part in usage.parts]
    return Bill(
        lines=tuple(line for each in bills for line in each.lines),
        usage=msgspec.structs.replace(usage, parts=tuple(each.part for each in bills)),
        prices=bills[0].prices if bills else None,
        is_exact=all(each.is_exact for each in bills),
        is_capped=any(each.is_capped for each in bills),
        exceeds_context=any(each.exceeds_context for each in bills),
    )


class _PartOfBill(NamedTuple):
    part: ModelUsage
    lines: list[UsageLine]
    prices: Prices | None
    is_exact: bool
    is_capped: bool
    exceeds_context: bool


def _bill_of_part(
    reported: ModelUsage, usage: Usage, terms_of: TermsOf, possible: Possible | None
) -> _PartOfBill:
    model, terms = terms_of(reported.model, usage)
    context = terms.context if usage.is_single_run else None
    part = _cut(reported, context, possible)
    prices = terms.tariff.at(part.total(INPUT)) if terms.tariff else None
    return _PartOfBill(
        part=part,
        lines=_lines(model, _billable(part.quantities, prices, terms), prices, terms),
        prices=prices,
        is_exact=not terms.unheard_of,
        is_capped=part is not reported,
        exceeds_context=_exceeds(reported, context),
    )


def _exceeds(part: ModelUsage, context: int | None) -> bool:
    return context is not None and max(part.total(INPUT), part.total(OUTPUT)) > context


def _cut(part: ModelUsage, context: int | None, possible: Possible | None) -> ModelUsage:
    """Return the part itself, or one with no more of anything than is possible."""
    most_read = most_made = MAX_TOKENS
    if context is not None and possible is not None:
        most_read = max(context, possible.input_tokens)
        most_made = max(context, possible.output_tokens)
    changes: Quantities = {}
    if part.total(INPUT) > most_read:
        changes |= dict.fromkeys(INPUT, 0) | {"input": most_read}
    if part.total(OUTPUT) > most_made:
        changes |= dict.fromkeys(OUTPUT, 0) | {"output": most_made}
    for measure, quantity in part.quantities.items():
        if measure in MAX_UNITS and quantity > MAX_UNITS[measure]:
            changes[measure] = MAX_UNITS[measure]
    return part_of({**part.quantities, **changes}, part.model) if changes else part


def _billable(quantities: Quantities, prices: Prices | None, terms: ModelTerms) -> Quantities:
    """Return the quantities that the model's prices are for."""
    if prices is None or (prices.are_of_tokens_only and quantities.keys() <= TOKENS):
        return quantities
    billed = dict(quantities)
    if prices.of("requests") is not None:
        billed.setdefault("requests", 1)
    if not prices.has_token_prices:
        _tokens_as_time(billed, prices)
        if any(prices.of(unit) is not None for unit in UNITS_INSTEAD_OF_TOKENS):
            billed = {name: value for name, value in billed.items() if name not in TOKENS}
    elif "seconds" in billed and prices.of("seconds") is not None:
        billed.pop("audio_input", None)
    for unit in UNITS_INSTEAD_OF_TOKENS:
        if prices.has_token_prices and prices.of(unit) is None:
            billed.pop(unit, None)
    for name, least in terms.minima.items():
        if 0 < billed.get(name, 0) < least:
            billed[name] = least
    return billed


def _tokens_as_time(billed: Quantities, prices: Prices) -> None:
    """Of a model that is priced by time, and an answer that says no duration, put the time that
    the tokens of sound take."""
    if "seconds" not in billed and prices.of("seconds") is not None and "audio_input" in billed:
        seconds = billed["audio_input"] / AUDIO_TOKENS_PER_SECOND
        billed["seconds"] = int(seconds) if seconds == int(seconds) else seconds


def _lines(
    model: str, quantities: Quantities, prices: Prices | None, terms: ModelTerms
) -> list[UsageLine]:
    lines = []
    for measure, quantity in quantities.items():
        price = prices.of(measure) if prices else None
        if price is None:
            price = terms.fees.get(measure)
        factors = terms.factors if measure in TOKENS else ()
        text = None if price is None else plain(price)
        lines.append(priced_line(model, KINDS[measure], quantity, text, factors))
    return lines
