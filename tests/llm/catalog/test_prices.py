"""Prices are exact, and those of the vendors' lists."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollgate_llm.catalog.prices import SANDBOX, PriceList, Tariff, make_price
from tollgate_llm.metering.usage import Usage

COUNTS = st.integers(0, 10**8)
PRICES = st.decimals(0, 1000, places=9)


@pytest.fixture(scope="module")
def prices() -> PriceList:
    return PriceList()


@given(COUNTS, COUNTS, COUNTS, COUNTS, PRICES, PRICES, PRICES, PRICES)
def test_a_cost_is_tokens_times_prices_to_the_nano_dollar(
    fresh: int, cached: int, written: int, wrote: int,
    input_price: Decimal, output_price: Decimal, cached_price: Decimal, write_price: Decimal,
) -> None:  # fmt: skip
    usage = Usage(input_tokens=fresh + cached + written, output_tokens=wrote,
                  cached_input_tokens=cached, cache_write_tokens=written)  # fmt: skip
    price = make_price(input_price, output_price, cached_price, write_price)
    exact = (fresh * input_price + cached * cached_price + written * write_price
             + wrote * output_price) * 1000  # fmt: skip
    assert price.cost(usage) == int(exact.to_integral_value(ROUND_HALF_UP))


@given(COUNTS, COUNTS, PRICES, PRICES)
def test_the_text_of_a_price_makes_the_same_cost(
    read: int, wrote: int, input_price: Decimal, output_price: Decimal
) -> None:
    price = make_price(input_price, output_price)
    again = make_price(*(Decimal(text) for text in price.text.values()))
    usage = Usage(input_tokens=read, output_tokens=wrote)
    assert again.cost(usage) == price.cost(usage)


def test_cached_tokens_cost_as_others_where_no_price_says_else() -> None:
    price = make_price(Decimal(2), Decimal(8))
    cached = Usage(input_tokens=10, output_tokens=1, cached_input_tokens=4, cache_write_tokens=5)
    assert price.cost(cached) == price.cost(Usage(input_tokens=10, output_tokens=1)) == 28_000


def test_the_list_knows_the_vendors_models(prices: PriceList) -> None:
    tariff = prices.find("openai", "gpt-4o-mini")
    assert tariff is not None
    assert tariff.base.text == {
        "input_usd_per_mtok": "0.15",
        "output_usd_per_mtok": "0.6",
        "cached_input_usd_per_mtok": "0.075",
    }
    assert prices.knows("anthropic", "claude-sonnet-4-5")
    assert not prices.knows("anthropic", "gpt-4o-mini")
    assert prices.find("openai", "no-such-model") is None
    assert prices.find("no-such-vendor", "gpt-4o-mini") is None


def test_a_model_that_only_reads_writes_for_nothing(prices: PriceList) -> None:
    tariff = prices.find("openai", "text-embedding-3-small")
    assert tariff is not None
    assert tariff.base.cost(Usage(input_tokens=1000, output_tokens=0)) == 20_000


def test_what_is_not_priced_by_tokens_has_no_price(prices: PriceList) -> None:
    assert prices.knows("openai", "gpt-live-transcribe")
    assert prices.find("openai", "gpt-live-transcribe") is None


def test_beyond_a_tiers_start_its_price_holds_for_all_tokens(prices: PriceList) -> None:
    tariff = prices.find("openai", "gpt-5.4")
    assert tariff is not None
    (start, dearer), *_ = tariff.tiers
    assert tariff.at(start) == tariff.base
    assert tariff.at(start + 1) == dearer == tariff.highest()
    assert dearer.input > tariff.base.input


def test_every_listed_name_can_be_asked_for(prices: PriceList) -> None:
    for vendor in ("openai", "anthropic"):
        names = prices.names(vendor)
        assert len(names) > 20
        assert all(prices.knows(vendor, name) for name in names)


def test_an_address_tells_the_vendor(prices: PriceList) -> None:
    assert prices.vendor_of("https://api.groq.com/openai/v1") == "groq"
    assert prices.vendor_of("https://api.openai.com/v1") == "openai"
    assert prices.vendor_of("http://127.0.0.1:11434/v1") is None


def test_the_sandbox_costs_one_and_two_dollars() -> None:
    usage = Usage(input_tokens=1_000_000, output_tokens=1_000_000)
    assert SANDBOX.at(1_000_000).cost(usage) == 3 * 10**9
    assert Tariff(SANDBOX.base).highest() == SANDBOX.base
