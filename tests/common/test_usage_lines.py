"""Lines add up to the nano-dollar, whatever the quantities and prices."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollgate_common.money import to_nanos
from tollgate_common.usage_lines import (
    UNITS,
    Factor,
    Kind,
    UsageLine,
    line_cost_nanos,
    miscalculated,
    priced_line,
    total_nanos,
)

QUANTITIES = st.integers(0, 2**53) | st.integers(0, 10**6).map(lambda n: n / 1000)
PRICES = st.decimals(0, 10_000, places=15).map(lambda price: f"{price:f}")
FACTORS = st.lists(
    st.decimals(0, 100, places=4).map(lambda value: Factor("geo", f"{value:f}")), max_size=3
).map(tuple)


class TestLineCost:
    @given(QUANTITIES, PRICES, FACTORS)
    def test_it_is_the_exact_product_rounded_half_up(
        self, quantity: int | float, price: str, factors: tuple[Factor, ...]
    ) -> None:
        exact = Fraction(str(quantity)) * Fraction(price) * 10**9
        for factor in factors:
            exact *= Fraction(factor.factor)
        assert line_cost_nanos(quantity, price, factors) == int(exact + Fraction(1, 2))

    @pytest.mark.parametrize(
        ("quantity", "price", "nanos"),
        [
            (1, "0.0000000005", 1),
            (1, "0.00000000049", 0),
            (3, "0.0000000005", 2),
            (-1, "0.0000000005", -1),
            (12.5, "0.0001", 1_250_000),
            (23_000, "0.000004", 92_000_000),
            (7, None, 0),
        ],
    )
    def test_a_half_of_a_nano_dollar_is_rounded_away_from_zero(
        self, quantity: int | float, price: str | None, nanos: int
    ) -> None:
        assert line_cost_nanos(quantity, price) == nanos


class TestUsageLine:
    def test_every_kind_has_a_unit(self) -> None:
        assert set(UNITS) == set(Kind.__args__)  # type: ignore[attr-defined]

    def test_a_line_without_a_price_costs_nothing_and_says_so(self) -> None:
        line = priced_line("m", "input", 5, None)
        assert (line.cost_usd, line.is_unpriced) == ("0.000000000", True)
        assert not priced_line("m", "input", 0, None).is_unpriced

    @given(st.lists(st.tuples(QUANTITIES, PRICES, FACTORS), max_size=5))
    def test_the_total_is_the_sum_and_survives_json(
        self, parts: list[tuple[int | float, str, tuple[Factor, ...]]]
    ) -> None:
        lines = [priced_line("m", "input", *part) for part in parts]
        again = msgspec.json.decode(msgspec.json.encode(lines), type=list[UsageLine])
        assert again == lines
        assert total_nanos(again) == sum(line_cost_nanos(*part) for part in parts)
        assert miscalculated(again) == []

    def test_a_line_that_costs_something_else_is_found(self) -> None:
        right = priced_line("m", "output", 3, "0.00000001")
        wrong = msgspec.structs.replace(right, cost_usd="0.000000031")
        assert miscalculated([right, wrong]) == [wrong]
        rounded = (Decimal(3) * Decimal("0.00000001")).quantize(
            Decimal("0.000000001"), ROUND_HALF_UP
        )
        assert to_nanos(rounded) == to_nanos(right.cost_usd)
