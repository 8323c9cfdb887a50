"""An overlay is used whole or refused, naming the line; a running process keeps the last good
one."""

import os
from pathlib import Path

import pytest

from tollgate_llm.pricing import overlay
from tollgate_llm.pricing.overlay import OverlayInvalid, parse
from tollgate_llm.pricing.overlay_watcher import OverlayWatcher
from tollgate_llm.pricing.price_list import PriceList

GOOD = """
[[price]]
vendor = "openai"
models = ["GPT-9*"]
prices = { input_mtok = "3", output_mtok = "15", web_searches = "0.02" }
source = "https://x.example/prices"
checked = 2026-11-27

[[factor]]
name = "region"
vendor = "openai"
models = ["*"]
hosts = ["??.api.openai.com"]
factor = "1.5"
source = "https://x.example/regions"
checked = 2026-11-27
"""


class TestParse:
    def test_the_packaged_one_is_good_and_every_entry_has_its_source(self) -> None:
        packaged = overlay.packaged()
        entries = (*packaged.price, *packaged.fee, *packaged.factor, *packaged.minimum)
        assert len(entries) >= 10
        vendors = [entry for entry in entries if entry.vendor != "sandbox"]
        assert all(entry.source.startswith("https://") for entry in vendors)

    def test_globs_know_no_case(self) -> None:
        assert parse(GOOD, "x").prices("openai", "gpt-9-mini")
        assert parse(GOOD, "x").prices("anthropic", "gpt-9-mini") == {}

    @pytest.mark.parametrize(
        ("old", "new", "words"),
        [
            ('input_mtok = "3"', 'thoughts_mtok = "3"', "line 5: price.0.prices: 'thoughts_mtok'"),
            ('input_mtok = "3"', 'input = "3"', "line 5: price.0.prices: 'input'"),
            ('web_searches = "0.02"', 'web_searches_mtok = "1"', "line 5: price.0.prices"),
            ('input_mtok = "3"', "input_mtok = 0.1", "line 5: price.0.prices: a decimal in quotes"),
            ('input_mtok = "3"', 'input_mtok = "-3"', "line 5: price.0.prices"),
            ('factor = "1.5"', "factor = 1.5", "line 14: factor.0.factor: a decimal in quotes"),
            ('source = "https://x.example/regions"\n', "", "line 9: factor.0.source"),
            ('source = "https://x.example/prices"', 'source = ""', "line 6: price.0.source"),
            ("checked = 2026-11-27", "checked = 27", "line 7: price.0.checked"),
            ("[[price]]", "[[prize]]", "line 2: prize"),
            ("[[price]]", "[[price]", "line 2"),
            ('models = ["*"]', "models = []", "line 12: factor.0.models"),
            ('name = "region"', 'nome = "region"', "factor.0"),
        ],
    )
    def test_what_is_wrong_is_told_with_its_line(self, old: str, new: str, words: str) -> None:
        with pytest.raises(OverlayInvalid) as refused:
            parse(GOOD.replace(old, new, 1), "own.toml")
        assert "own.toml" in str(refused.value)
        assert words in str(refused.value)

    def test_a_file_that_is_not_there_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(OverlayInvalid, match="cannot be read"):
            overlay.read(tmp_path / "none.toml")


class TestOverlay:
    def test_the_first_entry_of_a_name_holds(self, tmp_path: Path) -> None:
        own = tmp_path / "own.toml"
        own.write_text(GOOD)
        (factor,) = overlay.read(own).factors("openai", "gpt-6-sol", "eu.api.openai.com", {})
        assert str(factor.factor) == "1.5"

    def test_a_factor_asks_for_its_host_and_its_condition(self) -> None:
        packaged = overlay.packaged()
        assert not packaged.factors("openai", "gpt-6-sol", "api.openai.com", {})
        assert not packaged.factors("openai", "gpt-4o", "eu.api.openai.com", {})
        assert not packaged.factors("anthropic", "claude-opus-5-5", "x", {"inference_geo": "eu"})
        assert packaged.factors("anthropic", "claude-opus-5-5", "x", {"inference_geo": "us"})


class TestOverlayWatcher:
    def test_a_changed_file_is_taken_and_a_broken_one_is_not(self, tmp_path: Path) -> None:
        own = tmp_path / "own.toml"
        own.write_text(GOOD)
        prices = PriceList(overlay=overlay.read(own))
        watcher = OverlayWatcher(prices, own)

        own.write_text(GOOD.replace('"3"', '"4"'))
        os.utime(own, ns=(1, 1))
        watcher.look()
        assert _input_mtok(prices) == "0.000004"

        own.write_text(GOOD.replace('"3"', "5.0"))
        watcher.look()
        assert _input_mtok(prices) == "0.000004"

        own.unlink()
        watcher.look()
        assert _input_mtok(prices) == "0.000004"

        own.write_text(GOOD)
        watcher.look()
        assert _input_mtok(prices) == "0.000003"


def _input_mtok(prices: PriceList) -> str:
    tariff = prices.find("openai", "gpt-9")
    assert tariff is not None
    return f"{tariff.base.per_unit['input']:f}"
