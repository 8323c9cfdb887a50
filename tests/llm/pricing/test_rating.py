"""Whatever a vendor's document says, its bill is the sum of its lines, never below zero, and never
of more than is possible."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.llm.pricing.bills import BILLING, PRICES, bill_of, kinds, read, route
from tollgate_common.usage_lines import miscalculated, total_nanos
from tollgate_llm.inference.protocols import (
    CHAT,
    EMBEDDINGS,
    IMAGES,
    MESSAGES,
    RESPONSES,
    TRANSCRIPTIONS,
    Protocol,
)
from tollgate_llm.metering.usage import INPUT, OUTPUT, usage_of
from tollgate_llm.pricing.rating import MAX_TOKENS, Possible
from tollgate_llm.pricing.tariffs import per_mtok

COUNTS = st.integers(0, 200_000) | st.sampled_from([None, 0, 10**15, 2**53])
GARBAGE: st.SearchStrategy[Any] = st.sampled_from([-1, 1.5, "7", True, [], {}, 2**70, "x", None])


def some_of(**members: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=members)


def documents(counts: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[str, str, Protocol, Any]]:
    """Return vendors, models, routes and documents of every vendor's shape."""
    details = some_of(
        cached_tokens=counts,
        cache_write_tokens=counts,
        audio_tokens=counts,
        image_tokens=counts,
        reasoning_tokens=counts,
        cached_tokens_details=some_of(audio_tokens=counts, image_tokens=counts),
    )
    openai = some_of(
        prompt_tokens=counts,
        completion_tokens=counts,
        total_tokens=counts,
        prompt_tokens_details=details,
        completion_tokens_details=details,
        prompt_cache_hit_tokens=counts,
        cached_tokens=counts,
        seconds=counts,
        prompt_audio_seconds=counts,
        citation_tokens=counts,
        reasoning_tokens=counts,
        num_search_queries=counts,
    )
    responses = some_of(
        input_tokens=counts,
        output_tokens=counts,
        total_tokens=counts,
        input_tokens_details=details,
        output_tokens_details=details,
    )
    items = st.lists(
        some_of(
            type=st.sampled_from(["web_search_call", "file_search_call", "code_interpreter_call"]),
            status=st.sampled_from(["completed", "failed"]),
            container_id=st.sampled_from(["a", "b"]),
        ),
        max_size=4,
    )
    counted: dict[str, Any] = {
        "input_tokens": counts,
        "output_tokens": counts,
        "cache_read_input_tokens": counts,
        "cache_creation_input_tokens": counts,
        "cache_creation": some_of(
            ephemeral_5m_input_tokens=counts, ephemeral_1h_input_tokens=counts
        ),
    }
    runs = some_of(
        type=st.sampled_from(["message", "compaction", "advisor_message", "fallback_message"]),
        model=st.sampled_from(["claude-opus-4-8", "unheard-of"]),
        **counted,
    )
    anthropic = some_of(
        iterations=st.lists(runs, max_size=4),
        server_tool_use=some_of(web_search_requests=counts),
        service_tier=st.sampled_from(["standard", "batch", "priority"]),
        inference_geo=st.sampled_from(["us", "global"]),
        speed=st.sampled_from(["standard", "fast"]),
        **counted,
    )
    tiers = st.sampled_from([None, "default", "flex", "scale", "on_demand"])
    return st.one_of(
        st.tuples(
            st.just("anthropic"),
            st.sampled_from(["claude-opus-5-5", "unheard-of"]),
            st.just(MESSAGES),
            st.fixed_dictionaries(
                {"usage": anthropic, "stop_reason": st.none() | st.just("refusal")}
            ),
        ),
        st.tuples(
            st.sampled_from(["openai", "google", "mistral", "perplexity"]),
            st.sampled_from(["gpt-6-sol", "gemini-2.5-pro", "voxtral-small-2507", "sonar-pro"]),
            st.sampled_from([CHAT, EMBEDDINGS, TRANSCRIPTIONS, IMAGES]),
            st.fixed_dictionaries({"usage": openai, "service_tier": tiers}),
        ),
        st.tuples(
            st.just("openai"),
            st.sampled_from(["gpt-6-sol", "whisper-1"]),
            st.just(RESPONSES),
            st.fixed_dictionaries({"usage": responses, "output": items}),
        ),
    )


class TestBill:
    @settings(max_examples=300, deadline=None)
    @given(documents(COUNTS))
    def test_any_document_makes_a_bill_that_adds_up(
        self, case: tuple[str, str, Protocol, Any]
    ) -> None:
        vendor, model, protocol, document = case
        usage = protocol.read(json.dumps(document).encode())
        if usage is None:
            return
        bill = BILLING.bill(route(vendor, model), usage)
        assert bill.cost_nanos == total_nanos(bill.lines) >= 0
        assert miscalculated(bill.lines) == []
        assert all(line.quantity > 0 for line in bill.lines)
        assert bill.usage.input_tokens <= MAX_TOKENS * len(usage.parts)
        assert bill.usage.cached_input_tokens + bill.usage.cache_write_tokens <= (
            bill.usage.input_tokens
        )
        tokens = [line for line in bill.lines if line.unit == "token"]
        if tokens and vendor != "anthropic" and PRICES.find(vendor, model) is None:
            assert bill.is_unpriced

    @settings(max_examples=200, deadline=None)
    @given(documents(COUNTS | GARBAGE))
    def test_garbage_is_no_usage_or_a_bill_but_never_an_exception(
        self, case: tuple[str, str, Protocol, Any]
    ) -> None:
        vendor, model, protocol, document = case
        usage = protocol.read(json.dumps(document).encode())
        if usage is not None:
            assert BILLING.bill(route(vendor, model), usage).cost_nanos >= 0

    @settings(max_examples=200, deadline=None)
    @given(documents(COUNTS), st.integers(0, 10**6), st.integers(0, 10**6))
    def test_nothing_beyond_context_and_bound_is_billed(
        self, case: tuple[str, str, Protocol, Any], read_most: int, made_most: int
    ) -> None:
        vendor, model, protocol, document = case
        usage = protocol.read(json.dumps(document).encode())
        if usage is None or not usage.is_single_run:
            return
        bill = BILLING.bill(route(vendor, model), usage, Possible(read_most, made_most))
        for part in bill.usage.parts:
            context = PRICES.context(vendor, part.model or usage.model or model)
            if context is not None:
                assert part.total(INPUT) <= max(context, read_most)
                assert part.total(OUTPUT) <= max(context, made_most)


class TestImpossibleReports:
    def test_what_no_model_can_read_is_cut_and_marked(self) -> None:
        document = {"usage": {"prompt_tokens": 10**15, "completion_tokens": 1}}
        bill = bill_of("openai", "gpt-4o-mini", CHAT, document)
        assert (bill.is_capped, bill.exceeds_context) == (True, True)
        known = bill_of("openai", "gpt-4o-mini", CHAT, document, possible=Possible(9, 4_096))
        assert kinds(known) == [("gpt-4o-mini", "input", 128_000), ("gpt-4o-mini", "output", 1)]
        assert known.is_capped

    def test_several_prompts_can_be_more_than_a_context(self) -> None:
        document = {"usage": {"prompt_tokens": 300_000, "completion_tokens": 1}}
        bill = bill_of("openai", "gpt-4o-mini", CHAT, document, possible=Possible(400_000, 10))
        assert (bill.is_capped, bill.exceeds_context) == (False, True)

    def test_an_answer_above_its_cap_is_possible_and_stays_a_debt(self) -> None:
        document = {"usage": {"prompt_tokens": 10, "completion_tokens": 5_000}}
        bill = bill_of("openai", "gpt-4o-mini", CHAT, document, possible=Possible(9, 100))
        assert (bill.is_capped, bill.usage.output_tokens) == (False, 5_000)

    def test_tools_of_the_vendor_may_run_the_model_more_than_once(self) -> None:
        usage = {"input_tokens": 3_000_000, "output_tokens": 10}
        searched = {"usage": usage, "output": [{"type": "web_search_call"}]}
        assert not bill_of("openai", "gpt-6-sol", RESPONSES, searched).exceeds_context
        called = {"usage": usage, "output": [{"type": "function_call"}]}
        assert bill_of("openai", "gpt-6-sol", RESPONSES, called).exceeds_context

    @pytest.mark.parametrize("name", ["num_search_queries", "citation_tokens"])
    def test_other_quantities_have_their_most_too(self, name: str) -> None:
        document = {"usage": {"prompt_tokens": 1, "completion_tokens": 1, name: 10**15}}
        bill = bill_of("perplexity", "sonar-deep-research", CHAT, document)
        assert bill.is_capped
        assert bill.cost_nanos < 10**12


class TestUnknownPrices:
    def test_a_model_that_no_list_prices_is_marked_never_free(self) -> None:
        document = {"usage": {"prompt_tokens": 10, "completion_tokens": 2}}
        bill = bill_of("openai", "unheard-of", CHAT, document)
        assert kinds(bill) == [("unheard-of", "input", 10), ("unheard-of", "output", 2)]
        assert (bill.is_unpriced, bill.cost_nanos, bill.prices) == (True, 0, None)

    def test_a_fee_of_it_is_billed_all_the_same(self) -> None:
        document = {
            "usage": {"input_tokens": 10, "output_tokens": 2},
            "output": [{"type": "web_search_call"}],
        }
        bill = bill_of("openai", "unheard-of", RESPONSES, document)
        assert (bill.is_unpriced, bill.cost_nanos) == (True, 10_000_000)

    def test_a_fee_that_nobody_knows_is_marked(self) -> None:
        document = {"usage": {"prompt_tokens": 10, "completion_tokens": 2, "num_search_queries": 1}}
        bill = bill_of("cohere", "command-r-plus", CHAT, document)
        (fee,) = [line for line in bill.lines if line.kind == "web_searches"]
        assert (fee.unit_price_usd, bill.is_unpriced) == (None, True)

    def test_an_advisor_that_nobody_prices_is_marked(self) -> None:
        runs = [
            {"type": "message", "input_tokens": 5, "output_tokens": 1},
            {"type": "advisor_message", "model": "secret", "input_tokens": 7, "output_tokens": 1},
        ]
        document = {"usage": {"input_tokens": 5, "output_tokens": 1, "iterations": runs}}
        bill = bill_of("anthropic", "claude-opus-5-5", MESSAGES, document)
        assert [line.model for line in bill.lines if line.is_unpriced] == ["secret", "secret"]
        assert bill.cost_nanos == 5 * 4_000 + 20_000

    def test_a_place_that_nobody_prices_is_no_exact_price(self) -> None:
        document = {"usage": {"input_tokens": 5, "output_tokens": 1, "inference_geo": "mars"}}
        assert not bill_of("anthropic", "claude-opus-5-5", MESSAGES, document).is_exact

    def test_a_way_to_be_processed_that_nobody_prices_is_no_exact_price(self) -> None:
        document = {
            "service_tier": "scale",
            "usage": {"prompt_tokens": 10, "completion_tokens": 2},
        }
        assert not bill_of("openai", "gpt-4o", CHAT, document).is_exact


class TestOwnPrices:
    OWN = per_mtok(Decimal(1), Decimal(3))

    def test_it_holds_however_and_wherever_the_answer_was_made(self) -> None:
        own = route("openai", "gpt-6-sol", "https://eu.api.openai.com/v1", own=self.OWN)
        document = {
            "model": "gpt-4o",
            "service_tier": "priority",
            "usage": {"prompt_tokens": 10, "completion_tokens": 2},
        }
        bill = BILLING.bill(own, read(CHAT, document))
        assert (bill.cost_nanos, bill.is_exact) == (16_000, True)

    def test_it_holds_for_the_model_that_was_asked_only(self) -> None:
        own = route("anthropic", "claude-sonnet-5-5", own=self.OWN)
        runs = [
            {"type": "message", "input_tokens": 10, "output_tokens": 2},
            {
                "type": "advisor_message",
                "model": "claude-opus-5-5",
                "input_tokens": 1,
                "output_tokens": 0,
            },
        ]
        document = {"usage": {"input_tokens": 10, "output_tokens": 2, "iterations": runs}}
        assert BILLING.bill(own, read(MESSAGES, document)).cost_nanos == 16_000 + 4_000

    def test_two_organisations_prices_do_not_meet(self) -> None:
        usage = usage_of(input=10)
        assert BILLING.bill(route("openai", "gpt-4o", own=self.OWN), usage).cost_nanos == 10_000
        assert BILLING.bill(route("openai", "gpt-4o"), usage).cost_nanos == 25_000
