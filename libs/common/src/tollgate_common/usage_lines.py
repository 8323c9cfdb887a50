"""Priced lines: what one request is billed for, each quantity with its price and cost.

A line's cost is quantity x unit price x factors, in US dollars, rounded half up to the
nano-dollar; a request's cost is the exact sum of its lines. A quantity that nobody knows the price
of has a line too, without a price and at no cost, so that it shows.

The lines are the same in events, in the ledger, in the API and in reports. llm makes them from a
provider's answer, the gateway from what it reserves, reports from adjustments.
"""

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Literal

import msgspec

from tollgate_common.money import NANOS_PER_USD, to_nanos, usd_text

BilledKind = Literal[
    "input",
    "cache_read",
    "cache_write_5m",
    "cache_write_1h",
    "output",
    "audio_input",
    "audio_output",
    "image_input",
    "image_output",
    "seconds",
    "pages",
    "characters",
    "web_searches",
    "file_searches",
    "code_sessions",
    "requests",
]
Kind = Literal[BilledKind, "adjustment"]
"""`adjustment` is an amount that corrects another, of which no quantity is known."""

UNITS: dict[Kind, str] = {
    "input": "token",
    "cache_read": "token",
    "cache_write_5m": "token",
    "cache_write_1h": "token",
    "output": "token",
    "audio_input": "token",
    "audio_output": "token",
    "image_input": "token",
    "image_output": "token",
    "seconds": "second",
    "pages": "page",
    "characters": "character",
    "web_searches": "search",
    "file_searches": "search",
    "code_sessions": "session",
    "requests": "request",
    "adjustment": "adjustment",
}


class Factor(msgspec.Struct, frozen=True):
    """A multiplier of a unit price, with the reason as its name: `inference_geo:us`, `1.1`."""

    name: str
    factor: str


class UsageLine(msgspec.Struct, frozen=True, kw_only=True):
    """One priced quantity of one model. `quantity` is a whole number, but for seconds, which have
    at most three decimal places. `unit_price_usd` is US dollars for one unit, None where nobody
    knows it. Prices, factors and costs are decimal strings; `cost_usd` has nine places."""

    model: str
    kind: Kind
    quantity: int | float
    unit: str
    unit_price_usd: str | None
    factors: tuple[Factor, ...] = ()
    cost_usd: str

    @property
    def is_unpriced(self) -> bool:
        """Something was used, and nobody knows what it costs."""
        return self.unit_price_usd is None and self.quantity != 0


def priced_line(
    model: str,
    kind: Kind,
    quantity: int | float,
    unit_price_usd: str | None,
    factors: tuple[Factor, ...] = (),
) -> UsageLine:
    """Return the line of a quantity at a price."""
    return UsageLine(
        model=model,
        kind=kind,
        quantity=quantity,
        unit=UNITS[kind],
        unit_price_usd=unit_price_usd,
        factors=factors,
        cost_usd=usd_text(line_cost_nanos(quantity, unit_price_usd, factors)),
    )


def line_cost_nanos(
    quantity: int | float, unit_price_usd: str | None, factors: tuple[Factor, ...] = ()
) -> int:
    """Return what a quantity costs in nano-dollars, rounded half up (away from zero); 0 without a
    price."""
    if unit_price_usd is None:
        return 0
    nanos, units = _nanos_per_units(unit_price_usd, factors)
    if isinstance(quantity, float):
        quantity, parts = Decimal(str(quantity)).as_integer_ratio()
        units *= parts
    doubled = 2 * abs(quantity * nanos)
    cost = (doubled + units) // (2 * units)
    return cost if quantity * nanos >= 0 else -cost


@lru_cache(maxsize=10_000)
def _nanos_per_units(unit_price_usd: str, factors: tuple[Factor, ...]) -> tuple[int, int]:
    """Return a price as so many nano-dollars for so many units, exactly."""
    price = Fraction(unit_price_usd) * NANOS_PER_USD
    for factor in factors:
        price *= Fraction(factor.factor)
    return price.numerator, price.denominator


def total_nanos(lines: Iterable[UsageLine]) -> int:
    """Return the exact sum of the lines' costs in nano-dollars."""
    return sum(to_nanos(line.cost_usd) for line in lines)


def miscalculated(lines: Iterable[UsageLine]) -> list[UsageLine]:
    """Return the lines whose cost is not what their quantity, price and factors make."""
    return [
        line
        for line in lines
        if to_nanos(line.cost_usd)
        != line_cost_nanos(line.quantity, line.unit_price_usd, line.factors)
    ]
