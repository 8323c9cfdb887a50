"""Prices are exact, and those of the vendors' lists and the overlay."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollgate_llm.pricing.overlay import parse
from tollgate_llm.pricing.price_list import PriceList
from tollgate_llm.pricing.tariffs import (
    SANDBOX,
    Prices,
    Tariff,
    highest_input,
    highest_output,
    mtok_text,
    per_mtok,
    text_prices,
)

PRICES = st.decimals(0, 1000, places=9)
MTOK = Decimal(1_000_000)


@pytest.fixture(scope="module")
def prices() -> PriceList:
    return PriceList()


def found(prices: PriceList, vendor: str, model: str, *conditions: tuple[str, str]) -> Tariff:
    tariff = prices.find(vendor, model, conditions)
    assert tariff is not None
    return tariff


class TestTariff:
    @given(PRICES, PRICES)
    def test_the_text_of_a_price_makes_the_same_price(self, read: Decimal, made: Decimal) -> None:
        text = text_prices(per_mtok(read, made).base)
        assert text is not None
        assert per_mtok(*map(Decimal, text.values())) == per_mtok(read, made)

    def test_a_price_is_told_with_the_places_that_it_was_set_with(self) -> None:
        assert text_prices(per_mtok(Decimal("0.15"), Decimal("0.60")).base) == {
            "input_usd_per_mtok": "0.15",
            "output_usd_per_mtok": "0.60",
        }

    def test_what_has_no_price_of_its_own_has_that_of_another(self) -> None:
        own = per_mtok(Decimal(2), Decimal(8)).base
        for measure in ("cache_read", "cache_write_5m", "cache_write_1h", "audio_input"):
            assert own.of(measure) == own.of("input")
        assert own.of("cached_audio") == own.of("cached_image") == own.of("input")
        assert own.of("reasoning") == own.of("image_output") == own.of("output")
        assert own.of("web_searches") is None
        assert own.of("seconds") is None

    def test_a_cached_medium_is_not_as_cheap_as_cached_text(self) -> None:
        known = Prices({"input": Decimal(5), "cache_read": Decimal(1), "audio_input": Decimal(40)})
        assert known.of("cached_audio") == 40
        assert known.of("cached_image") == 1

    def test_the_highest_price_bounds_all(self, prices: PriceList) -> None:
        tariff = found(prices, "anthropic", "claude-sonnet-4-6")
        assert mtok_text(highest_input(tariff.base)) == "6"
        drawn = found(prices, "openai", "gpt-image-1.5")
        assert mtok_text(highest_output(drawn.base)) == "32"

    def test_beyond_a_tiers_start_its_prices_hold_for_all_tokens(self, prices: PriceList) -> None:
        tariff = found(prices, "openai", "gpt-5.4")
        (start, dearer), *_ = tariff.tiers
        assert tariff.at(start) == tariff.base
        assert tariff.at(start + 1) == dearer
        assert dearer.per_unit["input"] > tariff.base.per_unit["input"]

    def test_the_sandbox_costs_one_and_two_dollars(self) -> None:
        assert text_prices(SANDBOX.at(1_000_000)) == {
            "input_usd_per_mtok": "1.00",
            "output_usd_per_mtok": "2.00",
        }


class TestPriceList:
    def test_it_knows_the_vendors_models(self, prices: PriceList) -> None:
        assert text_prices(found(prices, "openai", "gpt-4o-mini").base) == {
            "input_usd_per_mtok": "0.15",
            "output_usd_per_mtok": "0.6",
            "cached_input_usd_per_mtok": "0.075",
        }
        assert prices.knows("anthropic", "claude-sonnet-4-5")
        assert not prices.knows("anthropic", "gpt-4o-mini")
        assert prices.find("openai", "no-such-model") is None
        assert prices.find("no-such-vendor", "gpt-4o-mini") is None

    def test_a_model_that_only_reads_writes_for_nothing(self, prices: PriceList) -> None:
        assert found(prices, "openai", "text-embedding-3-small").base.of("output") == 0

    def test_an_hour_is_so_many_seconds(self, prices: PriceList) -> None:
        whisper = found(prices, "openai", "whisper-1").base
        assert whisper.of("seconds") == Decimal("0.36") / 3600
        assert not whisper.has_token_prices
        assert text_prices(whisper) is None

    def test_characters_have_a_price_too(self, prices: PriceList) -> None:
        assert found(prices, "openai", "tts-1").base.of("characters") == Decimal("0.000015")

    def test_the_overlay_adds_what_the_list_lacks(self, prices: PriceList) -> None:
        heard = found(prices, "openai", "gpt-4o-audio-preview-2025-06-03").base
        assert heard.of("audio_input") == 40 / MTOK
        assert heard.of("input") == Decimal("2.5") / MTOK
        assert heard.of("code_sessions") == Decimal("0.03")

    def test_fees_alone_are_no_price_of_a_model(self, prices: PriceList) -> None:
        assert prices.overlay.fees("openai")
        assert prices.find("openai", "unheard-of") is None

    def test_what_the_list_says_goes_before_a_vendors_fees(self) -> None:
        text = (
            '[[fee]]\nvendor = "openai"\nprices = { web_searches = "7" }\n'
            'source = "https://x.example"\nchecked = 2026-11-27\n'
        )
        own = PriceList(overlay=parse(text, "own.toml"))
        assert found(own, "openai", "gpt-6-sol").base.of("web_searches") == Decimal("0.01")
        assert found(own, "openai", "gpt-4o-audio-preview").base.of("web_searches") == 7

    def test_another_overlay_holds_at_once(self) -> None:
        text = (
            '[[price]]\nvendor = "openai"\nmodels = ["gpt-4o-mini"]\n'
            'prices = { input_mtok = "9" }\nsource = "our contract"\nchecked = 2026-11-27\n'
        )
        own = PriceList()
        before = found(own, "openai", "gpt-4o-mini")
        own.use(parse(text, "own.toml"))
        assert found(own, "openai", "gpt-4o-mini").base.of("input") == 9 / MTOK
        assert before.base.of("input") == Decimal("0.15") / MTOK

    @pytest.mark.parametrize(
        ("vendor", "model", "condition", "usd"),
        [
            ("openai", "gpt-4o", ("service_tier", "priority"), "4.25"),
            ("openai", "gpt-6-sol", ("service_tier", "flex"), "1"),
            ("anthropic", "claude-opus-5-5", ("speed", "fast"), "8"),
            ("anthropic", "claude-opus-5-5", ("processing", "batch"), "2"),
            ("openai", "gpt-6-sol", ("processing", "batch"), "1"),
            ("google", "gemini-2.5-pro", ("processing", "batch"), "0.625"),
            ("openai", "gpt-4o", ("inference_geo", "us"), "2.5"),
        ],
    )
    def test_a_way_to_be_processed_has_its_own_price(
        self, prices: PriceList, vendor: str, model: str, condition: tuple[str, str], usd: str
    ) -> None:
        base = found(prices, vendor, model, condition).base
        assert mtok_text(base.per_unit["input"]) == usd
        assert prices.unheard_of(vendor, model, (condition,)) == ()

    def test_a_tier_matters_only_where_prices_depend_on_it(self, prices: PriceList) -> None:
        scale = (("service_tier", "scale"),)
        assert prices.unheard_of("openai", "gpt-4o", scale) == scale
        assert prices.unheard_of("groq", "llama-3.3-70b-versatile", scale) == ()
        assert found(prices, "openai", "gpt-4o", *scale) == found(prices, "openai", "gpt-4o")

    def test_every_listed_name_can_be_asked_for(self, prices: PriceList) -> None:
        for vendor in ("openai", "anthropic"):
            names = prices.names(vendor)
            assert len(names) > 20
            assert all(prices.knows(vendor, name) for name in names)

    def test_an_address_tells_the_vendor(self, prices: PriceList) -> None:
        assert prices.vendor_of("https://api.groq.com/openai/v1") == "groq"
        assert prices.vendor_of("https://api.openai.com/v1") == "openai"
        assert prices.vendor_of("http://127.0.0.1:11434/v1") is None
