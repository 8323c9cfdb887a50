"""Numbers within the bounds of a JSON schema. Exact arithmetic: a multiple is a multiple."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

Json = dict[str, Any]


def integer(schema: Json, nth: int = 0) -> int:
    """The nth integer upwards from the lower bound, or downwards from the upper; 0 without."""
    step = _fraction(schema.get("multipleOf", 1))
    step = Fraction(step.numerator)  # the integers among the multiples of p/q are those of p
    return int(_multiple(schema, nth, step))


def number(schema: Json, nth: int = 0) -> float | int:
    """Like `integer`, a step apart; between bounds closer than that, somewhere between them."""
    if "multipleOf" in schema:
        return _plain(_multiple(schema, nth, _fraction(schema["multipleOf"])))
    low, high = _low(schema), _high(schema)
    if low is None or high is None:
        return _plain(_multiple(schema, nth, Fraction(1)))
    return _plain(low + (high - low) * Fraction(nth % 98 + 1, 99))


def _multiple(schema: Json, nth: int, step: Fraction) -> Fraction:
    low, high = _low(schema), _high(schema)
    if low is None and (high is None or high >= 0):
        low, open_below = Fraction(0), False
        if high is not None and not _fits(schema, step * nth):
            return _downwards(schema, nth, step, high)
    elif low is None:
        assert high is not None
        return _downwards(schema, nth, step, high)
    else:
        open_below = _is_open(schema, "exclusiveMinimum", low)
    first = math.ceil(low / step)
    if open_below and first * step == low:
        first += 1
    return step * (first + nth)


def _downwards(schema: Json, nth: int, step: Fraction, high: Fraction) -> Fraction:
    first = math.floor(high / step)
    if _is_open(schema, "exclusiveMaximum", high) and first * step == high:
        first -= 1
    return step * (first - nth)


def _fits(schema: Json, value: Fraction) -> bool:
    high = _high(schema)
    assert high is not None
    return value < high or (value == high and not _is_open(schema, "exclusiveMaximum", high))


def _low(schema: Json) -> Fraction | None:
    bounds = [_fraction(schema[key]) for key in ("minimum", "exclusiveMinimum") if key in schema]
    return max(bounds, default=None)


def _high(schema: Json) -> Fraction | None:
    bounds = [_fraction(schema[key]) for key in ("maximum", "exclusiveMaximum") if key in schema]
    return min(bounds, default=None)


def _is_open(schema: Json, keyword: str, bound: Fraction) -> bool:
    return keyword in schema and _fraction(schema[keyword]) == bound


def _fraction(value: float | int) -> Fraction:
    """What the number says, not its binary neighbour: 0.1 is a tenth."""
    return Fraction(str(value))


def _plain(value: Fraction) -> float | int:
    return value.numerator if value.denominator == 1 else float(value)
