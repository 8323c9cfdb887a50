"""What a limit may say: which windows a metric has, and which amounts."""

import re
from decimal import Decimal
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from tollgate_common.money import NANOS_PER_USD

Metric = Literal["requests", "tokens", "cost_usd", "concurrency"]
Window = Literal["minute", "hour", "day", "month", "total"]
LimitMode = Literal["enforce", "warn"]

# Requests and tokens refill within minutes and hours; money has calendar windows only; what is
# open at this moment has no window at all.
WINDOWS: dict[str, tuple[str, ...]] = {
    "requests": get_args(Window),
    "tokens": get_args(Window),
    "cost_usd": ("day", "month", "total"),
    "concurrency": ("total",),
}
COST = "cost_usd"
COST_PLACES = 9
LARGEST_UNITS = 2**53 - 1  # counters are Lua numbers in Redis; cost is counted in nano-dollars

_DECIMAL = re.compile(r"-?[0-9]{1,17}(\.[0-9]{1,40})?\Z")


def _parse(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise PydanticCustomError("amount", 'an amount is a decimal string such as "25.00"')
    if not _DECIMAL.match(text := str(value)):
        raise PydanticCustomError("amount", 'an amount is a decimal string such as "25.00"')
    return Decimal(text)


_AS_JSON = {
    "anyOf": [
        {"type": "string", "pattern": r"^[0-9]{1,15}(\.[0-9]{1,9})?$"},
        {"type": "integer", "minimum": 0, "maximum": LARGEST_UNITS},
    ],
    "description": "A decimal; dollars for `cost_usd`, else a whole number.",
    "example": "25.00",
}
Amount = Annotated[Decimal, BeforeValidator(_parse), WithJsonSchema(_AS_JSON)]


def amount_fault(metric: str, amount: Decimal) -> str | None:
    """Why the metric cannot be limited to the amount, or None."""
    units = amount * NANOS_PER_USD if metric == COST else amount
    if amount < 0:
        return "cannot be negative"
    if units != units.to_integral_value():
        places = f"has at most {COST_PLACES} decimal places"
        return places if metric == COST else f"is a whole number for {metric}"
    if units > LARGEST_UNITS:
        return "is too large"
    return None


def window_fault(metric: str, window: str) -> str | None:
    """Why the metric cannot have the window, or None."""
    if window in WINDOWS[metric]:
        return None
    return f"{metric} can have: {', '.join(WINDOWS[metric])}"


def amount_text(metric: str, amount: Decimal) -> str:
    """Dollars with at least two places, counts with none."""
    if metric != COST:
        return str(int(amount))
    whole, _, places = f"{amount:f}".partition(".")
    return f"{whole}.{places.rstrip('0').ljust(2, '0')}"
