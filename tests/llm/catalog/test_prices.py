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
    parts = (
        (fresh, input_price),
        (cached, cached_price),
        (written, write_price),
        (wrote, output_price),
    )
    exact = [
        (tokens * usd_per_mtok * 1000).to_integral_value(ROUND_HALF_UP)
        for tokens, usd_per_mtok in parts
    ]
    assert price.cost(usage) == sum(map(int, exact))


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
    assert (price.highest_input(), price.highest_output()) == (Decimal(2), Decimal(8))


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


def test_what_is_priced_by_neither_tokens_nor_time_has_no_price(prices: PriceList) -> None:
    assert prices.knows("openai", "tts-1")
    assert prices.find("openai", "tts-1") is None


def test_an_hour_of_a_recording_costs_what_the_list_says(prices: PriceList) -> None:
    tariff = prices.find("openai", "whisper-1")
    assert tariff is not None
    assert tariff.base.cost(Usage(input_tokens=36_000, output_tokens=500)) == 360_000_000
    finest = prices.find("openai", "gpt-live-transcribe")
    assert finest is not None
    assert finest.base.text["input_usd_per_mtok"] == "28.333333333"


def test_sound_and_images_have_prices_of_their_own(prices: PriceList) -> None:
    heard = prices.find("openai", "gpt-4o-transcribe")
    assert heard is not None
    usage = Usage(input_tokens=100, output_tokens=10, input_audio_tokens=90)
    assert heard.base.cost(usage) == 10 * 2500 + 90 * 6000 + 10 * 10_000
    assert heard.base.highest_input() == 6
    assert heard.base.booked(usage) == {
        "input_usd_per_mtok": "2.5",
        "output_usd_per_mtok": "10",
        "input_audio_usd_per_mtok": "6",
        "input_audio_tokens": "90",
    }
    drawn = prices.find("openai", "gpt-image-1.5")
    assert drawn is not None
    usage = Usage(input_tokens=30, output_tokens=272, input_image_tokens=20,
                  output_image_tokens=272, cached_input_tokens=15)  # fmt: skip
    assert drawn.base.cost(usage) == 10 * 1250 + 20 * 8000 + 272 * 32_000
    assert drawn.base.highest_output() == 32


@given(COUNTS, COUNTS, COUNTS, COUNTS, COUNTS)
def test_no_count_of_a_part_makes_more_tokens_than_there_are(
    read: int, wrote: int, cached: int, heard: int, seen: int
) -> None:
    media = {"input_audio": Decimal(1), "input_image": Decimal(1), "output_audio": Decimal(1)}
    price = make_price(Decimal(1), Decimal(1), Decimal(1), Decimal(1), media=media)
    usage = Usage(input_tokens=read, output_tokens=wrote, cached_input_tokens=cached,
                  cache_write_tokens=cached, input_audio_tokens=heard, input_image_tokens=seen,
                  output_audio_tokens=heard)  # fmt: skip
    assert price.cost(usage) == (read + wrote) * 1000


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


def test_what_is_kept_for_an_hour_costs_more_to_keep(prices: PriceList) -> None:
    tariff = prices.find("anthropic", "claude-sonnet-4-6")
    assert tariff is not None
    usage = Usage(
        input_tokens=100, output_tokens=1, cache_write_tokens=60, cache_write_1h_tokens=40
    )
    assert tariff.base.cost(usage) == 40 * 3000 + 20 * 3750 + 40 * 6000 + 15_000
    assert tariff.base.highest_input() == 6
    booked = tariff.base.booked(usage)
    assert booked["cache_write_1h_usd_per_mtok"] == "6"
    assert booked["cache_write_1h_tokens"] == "40"


def test_a_way_to_be_processed_has_its_own_price(prices: PriceList) -> None:
    listed = prices.find("openai", "gpt-4o")
    assert listed is not None
    dear = listed.processed("priority")
    assert dear is not None
    assert (dear.base.input, dear.base.output) == (Decimal("4.25"), Decimal(17))
    assert listed.processed(None) is listed
    assert listed.processed("unheard-of") is None
    fast = prices.find("anthropic", "claude-opus-5")
    assert fast is not None
    assert fast.processed("fast") not in (None, fast)


def test_a_price_of_ones_own_holds_however_it_is_processed() -> None:
    own = Tariff(make_price(Decimal(1), Decimal(2)))
    assert own.processed("priority") is own
