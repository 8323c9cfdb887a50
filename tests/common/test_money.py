from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollgate_common.money import cost_nanos, to_nanos, to_usd, usd_text

NANOS = st.integers(-(10**19), 10**19)


@given(NANOS)
def test_nano_dollars_survive_the_way_to_text_and_back(nanos: int) -> None:
    assert to_nanos(usd_text(nanos)) == nanos
    assert to_nanos(to_usd(nanos)) == nanos


@pytest.mark.parametrize("text", ["0.0000000001", "NaN", "Infinity"])
def test_an_amount_finer_than_a_nano_dollar_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="nine decimal places"):
        to_nanos(text)


@given(st.integers(0, 10**9), st.decimals(0, 1000, places=3))
def test_a_price_with_three_places_costs_whole_nano_dollars(tokens: int, price: Decimal) -> None:
    assert cost_nanos((tokens, price)) == tokens * price * 1000


def test_a_fine_price_is_rounded_once_over_the_whole_request() -> None:
    half_a_nano = Decimal("0.0005")
    assert cost_nanos((1, half_a_nano), (1, half_a_nano)) == 1
    assert cost_nanos((1, half_a_nano)) == 1
    assert cost_nanos((1, Decimal("0.0004"))) == 0
