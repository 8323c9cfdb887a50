"""Vendors' own documents are billed as the vendors bill them: reckoned by hand from their price
lists of November 2026, to the nano-dollar."""

from typing import Any

import pytest

from tests.llm.pricing.bills import BILLING, bill_of, kinds, route, streamed
from tollgate_common.money import usd_text
from tollgate_llm.inference.protocols import (
    CHAT,
    EMBEDDINGS,
    IMAGES,
    MESSAGES,
    RESPONSES,
    TRANSCRIPTIONS,
    Protocol,
)

OPUS, SONNET, FABLE = "claude-opus-5-5", "claude-sonnet-5-5", "claude-fable-5-2"


def anthropic(**usage: Any) -> dict[str, Any]:
    return {"usage": usage}


def run(kind: str, read: int, made: int, **more: Any) -> dict[str, Any]:
    return {"type": kind, "input_tokens": read, "output_tokens": made, **more}


COMPACTED = anthropic(
    input_tokens=23_000,
    output_tokens=1_000,
    iterations=[run("compaction", 180_000, 3_500), run("message", 23_000, 1_000)],
)
ADVISED = {
    "model": SONNET,
    **anthropic(
        input_tokens=412,
        output_tokens=531,
        iterations=[
            run("message", 412, 89),
            run("advisor_message", 823, 1_612, model=FABLE),
            run("message", 1_348, 442, cache_read_input_tokens=412),
        ],
    ),
}
FELL_BACK = {
    "model": "claude-opus-4-8",
    **anthropic(
        input_tokens=412,
        output_tokens=264,
        iterations=[
            run("message", 412, 0),
            run("fallback_message", 412, 264, model="claude-opus-4-8"),
        ],
    ),
}


class TestAnthropicBills:
    @pytest.mark.parametrize(
        ("model", "document", "usd"),
        [
            pytest.param(OPUS, COMPACTED, "0.902000000", id="compaction"),
            pytest.param(
                OPUS,
                anthropic(
                    input_tokens=10,
                    output_tokens=5,
                    iterations=[
                        run("message", 170_000, 400),
                        run("compaction", 3_000, 700, cache_read_input_tokens=168_000),
                        run("message", 9_000, 100, cache_creation_input_tokens=1_000),
                    ],
                ),
                # 182,000 x 4 + 168,000 x 0.2 + 1,000 x 5 + 1,200 x 20, for a million
                "0.790600000",
                id="compaction amid a loop of tools",
            ),
            pytest.param(SONNET, ADVISED, "0.079935200", id="advisor of another model"),
            pytest.param(
                SONNET,
                anthropic(
                    input_tokens=1,
                    output_tokens=1,
                    iterations=[
                        run("message", 100, 10),
                        run("advisor_message", 200, 20, model=OPUS),
                        run("advisor_message", 300, 30, model=FABLE),
                    ],
                ),
                # 100 x 2 + 10 x 10 + 200 x 4 + 20 x 20 + 300 x 8 + 30 x 40
                "0.005100000",
                id="two advisors",
            ),
            pytest.param(FABLE, FELL_BACK, "0.008660000", id="fallback, the first declined"),
            pytest.param(
                FABLE,
                anthropic(
                    input_tokens=412,
                    output_tokens=264,
                    iterations=[
                        run("message", 412, 50),
                        run("fallback_message", 412, 264, model="claude-opus-4-8"),
                    ],
                ),
                # 412 x 8 + 50 x 40 + 412 x 5 + 264 x 25
                "0.013956000",
                id="fallback after some output",
            ),
            pytest.param(
                FABLE,
                {"model": "claude-opus-4-8", **anthropic(input_tokens=412, output_tokens=264)},
                "0.008660000",
                id="the answer names another model",
            ),
            pytest.param(
                OPUS,
                anthropic(input_tokens=25, output_tokens=150, inference_geo="us"),
                "0.003410000",
                id="inference in the US",
            ),
            pytest.param(
                OPUS,
                anthropic(input_tokens=25, output_tokens=150, inference_geo="global"),
                "0.003100000",
                id="inference anywhere",
            ),
            pytest.param(
                OPUS,
                anthropic(
                    input_tokens=25,
                    output_tokens=150,
                    inference_geo="us",
                    server_tool_use={"web_search_requests": 1},
                ),
                "0.013410000",
                id="a fee is not multiplied",
            ),
            pytest.param(
                OPUS,
                anthropic(input_tokens=25, output_tokens=150, inference_geo="us", speed="fast"),
                # (25 x 8 + 150 x 40) x 1.1
                "0.006820000",
                id="fast, in the US",
            ),
            pytest.param(
                OPUS,
                anthropic(
                    input_tokens=100,
                    output_tokens=10,
                    server_tool_use={"web_search_requests": 3, "web_fetch_requests": 2},
                ),
                "0.030600000",
                id="three searches, fetches are free",
            ),
            pytest.param(
                OPUS,
                anthropic(input_tokens=1_000, output_tokens=100, service_tier="batch"),
                "0.003000000",
                id="batch",
            ),
            pytest.param(
                "claude-haiku-4-5",
                anthropic(input_tokens=1_000, output_tokens=100, service_tier="batch"),
                "0.000750000",
                id="batch of a smaller model",
            ),
            pytest.param(
                OPUS,
                anthropic(
                    input_tokens=10,
                    output_tokens=1,
                    cache_read_input_tokens=100,
                    cache_creation_input_tokens=60,
                    cache_creation={
                        "ephemeral_5m_input_tokens": 20,
                        "ephemeral_1h_input_tokens": 40,
                    },
                ),
                # 10 x 4 + 100 x 0.2 + 20 x 5 + 40 x 8 + 1 x 20
                "0.000500000",
                id="caches of five minutes and of an hour",
            ),
        ],
    )
    def test_a_message_costs_what_the_vendor_bills(
        self, model: str, document: dict[str, Any], usd: str
    ) -> None:
        bill = bill_of("anthropic", model, MESSAGES, document)
        assert usd_text(bill.cost_nanos) == usd
        assert (bill.is_exact, bill.is_capped, bill.is_unpriced) == (True, False, False)

    def test_every_model_of_an_answer_has_lines_of_its_own(self) -> None:
        assert kinds(bill_of("anthropic", SONNET, MESSAGES, ADVISED)) == [
            (SONNET, "input", 412),
            (SONNET, "output", 89),
            (FABLE, "input", 823),
            (FABLE, "output", 1_612),
            (SONNET, "input", 1_348),
            (SONNET, "cache_read", 412),
            (SONNET, "output", 442),
        ]

    def test_a_stream_costs_what_the_whole_answer_costs(self) -> None:
        usage = streamed(
            {"type": "message_start", "message": anthropic(input_tokens=5, output_tokens=1)},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, **COMPACTED},
        )
        bill = BILLING.bill(route("anthropic", OPUS), usage)
        assert usd_text(bill.cost_nanos) == "0.902000000"

    @pytest.mark.parametrize(
        ("split", "written", "hour"),
        [
            pytest.param((0, 31_490), 184_457, 184_457, id="all for an hour"),
            pytest.param((31_490, 0), 184_457, 0, id="all for five minutes"),
            pytest.param((10, 30), 101, 76, id="a quarter for five minutes"),
            pytest.param((10, 30), 40, 30, id="nothing more"),
        ],
    )
    def test_later_cache_writes_are_split_as_the_first(
        self, split: tuple[int, int], written: int, hour: int
    ) -> None:
        five, sixty = split
        creation = {"ephemeral_5m_input_tokens": five, "ephemeral_1h_input_tokens": sixty}
        start = anthropic(
            input_tokens=10, cache_creation_input_tokens=five + sixty, cache_creation=creation
        )
        last = anthropic(
            input_tokens=10,
            cache_read_input_tokens=426_653,
            cache_creation_input_tokens=written,
            output_tokens=1_000,
        )
        usage = streamed(
            {"type": "message_start", "message": start},
            {"type": "message_delta", "delta": {}, **last},
        )
        counted = {
            kind: quantity
            for _, kind, quantity in kinds(BILLING.bill(route("anthropic", OPUS), usage))
        }
        assert counted.get("cache_write_1h", 0) == hour
        assert counted.get("cache_write_5m", 0) == written - hour
        if hour == 184_457:
            bill = BILLING.bill(route("anthropic", OPUS), usage)
            assert usd_text(bill.cost_nanos) == "1.581026600"

    @pytest.mark.parametrize(
        ("content", "usd"),
        [([], "0.000000000"), ([{"type": "text", "text": "I"}], "0.000888000")],
    )
    def test_a_refusal_before_any_output_costs_nothing(self, content: list[Any], usd: str) -> None:
        document = {
            "content": content,
            "stop_reason": "refusal",
            **anthropic(input_tokens=106, output_tokens=1),
        }
        assert usd_text(bill_of("anthropic", FABLE, MESSAGES, document).cost_nanos) == usd

    @pytest.mark.parametrize(("text", "nanos"), [("", 0), ("I", 888_000)])
    def test_so_does_one_in_a_stream(self, text: str, nanos: int) -> None:
        delta = {"type": "text_delta", "text": text}
        usage = streamed(
            {"type": "message_start", "message": anthropic(input_tokens=106, output_tokens=1)},
            *([{"type": "content_block_delta", "index": 0, "delta": delta}] if text else []),
            {
                "type": "message_delta",
                "delta": {"stop_reason": "refusal"},
                **anthropic(output_tokens=1),
            },
        )
        assert BILLING.bill(route("anthropic", FABLE), usage).cost_nanos == nanos


def chat(read: int, made: int, **more: Any) -> dict[str, Any]:
    top: dict[str, Any] = {
        name: more.pop(name) for name in ("model", "service_tier") if name in more
    }
    return {**top, "usage": {"prompt_tokens": read, "completion_tokens": made, **more}}


def responses(*items: dict[str, Any]) -> dict[str, Any]:
    return {"output": list(items), "usage": {"input_tokens": 10, "output_tokens": 10}}


SEARCH = {"type": "web_search_call", "status": "completed", "action": {"type": "search"}}
OPENED = {"type": "web_search_call", "status": "completed", "action": {"type": "open_page"}}
FILES = {"type": "file_search_call", "status": "completed"}
CODE = {"type": "code_interpreter_call", "status": "completed", "container_id": "cntr_1"}


class TestOpenAIDialectBills:
    @pytest.mark.parametrize(
        ("vendor", "model", "protocol", "document", "usd"),
        [
            pytest.param(
                "google",
                "gemini-2.5-pro",
                CHAT,
                chat(758, 102, total_tokens=1_725),
                "0.010617500",
                id="thinking in the total only",
            ),
            pytest.param(
                "google",
                "gemini-2.5-pro",
                CHAT,
                chat(
                    7,
                    124,
                    total_tokens=1_228,
                    completion_tokens_details={"reasoning_tokens": 1_097},
                ),
                # 7 x 1.25 + 1,221 x 10
                "0.012218750",
                id="thinking beside, and named",
            ),
            pytest.param(
                "x-ai",
                "grok-4",
                CHAT,
                chat(
                    32,
                    9,
                    total_tokens=135,
                    completion_tokens_details={"reasoning_tokens": 94},
                    prompt_tokens_details={"cached_tokens": 6},
                ),
                # 26 x 3 + 6 x 0.75 + 103 x 15
                "0.001627500",
                id="xAI counts reasoning beside",
            ),
            pytest.param(
                "openai",
                "gpt-6-sol",
                CHAT,
                chat(100, 50, total_tokens=150, completion_tokens_details={"reasoning_tokens": 40}),
                "0.000700000",
                id="OpenAI counts reasoning within",
            ),
            pytest.param(
                "deepseek",
                "deepseek-reasoner",
                CHAT,
                chat(260, 44, prompt_cache_hit_tokens=200, prompt_cache_miss_tokens=60),
                None,
                id="DeepSeek's cache",
            ),
            pytest.param(
                "moonshotai",
                "kimi-k2-0905-preview",
                CHAT,
                chat(260, 44, cached_tokens=200),
                None,
                id="Moonshot's cache",
            ),
            pytest.param(
                "x-ai",
                "grok-4",
                CHAT,
                chat(100, 10, cached_prompt_text_tokens=40),
                # 60 x 3 + 40 x 0.75 + 10 x 15
                "0.000360000",
                id="xAI's older cache",
            ),
            pytest.param(
                "openai",
                "gpt-4o-audio-preview",
                CHAT,
                chat(
                    100,
                    200,
                    prompt_tokens_details={"audio_tokens": 80},
                    completion_tokens_details={"audio_tokens": 150},
                ),
                "0.015750000",
                id="sound in a chat",
            ),
            pytest.param(
                "groq",
                "llama-3.3-70b-versatile",
                CHAT,
                chat(260, 44, service_tier="on_demand"),
                "0.000188160",
                id="Groq's only tier",
            ),
            pytest.param(
                "openai",
                "gpt-6-sol",
                CHAT,
                chat(1_000, 100, service_tier="flex"),
                "0.001500000",
                id="flex",
            ),
            pytest.param(
                "openai",
                "gpt-6-sol",
                CHAT,
                chat(300_000, 100),
                # beyond 272,000 all of it costs more
                "1.201500000",
                id="a long context",
            ),
            pytest.param(
                "openai", "gpt-6-sol", RESPONSES, responses(SEARCH), "0.010120000", id="a search"
            ),
            pytest.param(
                "openai",
                "gpt-6-sol",
                RESPONSES,
                responses(SEARCH, OPENED, SEARCH, {**SEARCH, "status": "failed"}),
                "0.020120000",
                id="opening a page and failing cost nothing",
            ),
            pytest.param(
                "openai",
                "gpt-6-sol",
                RESPONSES,
                responses(FILES, FILES),
                "0.005120000",
                id="searches of files",
            ),
            pytest.param(
                "openai",
                "gpt-6-sol",
                RESPONSES,
                responses(CODE, CODE, {**CODE, "container_id": "cntr_2"}),
                "0.060120000",
                id="two containers",
            ),
            pytest.param(
                "perplexity",
                "sonar-pro",
                CHAT,
                chat(14, 100, total_tokens=114),
                # 14 x 3 + 100 x 15, and 14 for a thousand requests
                "0.015542000",
                id="a fee for the request",
            ),
            pytest.param(
                "perplexity",
                "sonar-deep-research",
                CHAT,
                chat(
                    33,
                    7_163,
                    total_tokens=7_196,
                    citation_tokens=20_016,
                    num_search_queries=21,
                    reasoning_tokens=73_997,
                ),
                # 33 x 2 + 7,163 x 8 + 20,016 x 2 + 73,997 x 3, and 21 x 5 for a thousand
                "0.424393000",
                id="searches, citations and reasoning with their prices",
            ),
            pytest.param(
                "openai",
                "gpt-4o-search-preview",
                CHAT,
                chat(100, 10),
                "0.025350000",
                id="a model that always searches",
            ),
            pytest.param(
                "openai",
                "gpt-image-1",
                IMAGES,
                {
                    "usage": {
                        "input_tokens": 100,
                        "output_tokens": 272,
                        "input_tokens_details": {
                            "text_tokens": 20,
                            "image_tokens": 80,
                            "cached_tokens": 60,
                            "cached_tokens_details": {"text_tokens": 0, "image_tokens": 60},
                        },
                    }
                },
                # 20 x 5 + 20 x 10 + 60 x 2.5 + 272 x 40
                "0.011330000",
                id="cached pictures",
            ),
            pytest.param(
                "openai",
                "text-embedding-3-small",
                EMBEDDINGS,
                {"usage": {"prompt_tokens": 1_000, "total_tokens": 1_000}},
                "0.000020000",
                id="embeddings",
            ),
            pytest.param(
                "mistral",
                "voxtral-mini-transcribe-realtime-2602",
                TRANSCRIPTIONS,
                {
                    "usage": {
                        "prompt_audio_seconds": 203,
                        "prompt_tokens": 4,
                        "completion_tokens": 635,
                        "total_tokens": 3_264,
                    }
                },
                "0.020300000",
                id="sound by the hour",
            ),
            pytest.param(
                "openai",
                "whisper-1",
                TRANSCRIPTIONS,
                {"text": "hi", "usage": {"type": "duration", "seconds": 12.5}},
                "0.001250000",
                id="a part of a second",
            ),
            pytest.param(
                "groq",
                "whisper-large-v3",
                TRANSCRIPTIONS,
                {"text": "hi", "duration": "3.4"},
                # at least ten seconds, at 0.111 an hour
                "0.000308333",
                id="Groq's least of a recording",
            ),
            pytest.param(
                "openai",
                "gpt-4o-transcribe",
                TRANSCRIPTIONS,
                {
                    "text": "hi",
                    "usage": {
                        "type": "tokens",
                        "input_tokens": 100,
                        "output_tokens": 10,
                        "input_token_details": {"audio_tokens": 90, "text_tokens": 10},
                    },
                },
                # 10 x 2.5 + 90 x 6 + 10 x 10
                "0.000665000",
                id="sound by the token",
            ),
            pytest.param(
                "mistral",
                "voxtral-small-2507",
                CHAT,
                chat(12, 30, prompt_audio_seconds=60, total_tokens=800),
                # 12 x 0.1 + 30 x 0.4, and a minute at 0.24 an hour
                "0.004013200",
                id="text by the token, sound by the hour",
            ),
        ],
    )
    def test_an_answer_costs_what_the_vendor_bills(
        self, vendor: str, model: str, protocol: Protocol, document: dict[str, Any], usd: str | None
    ) -> None:
        bill = bill_of(vendor, model, protocol, document)
        assert (bill.is_exact, bill.is_capped, bill.is_unpriced) == (True, False, False)
        if usd is not None:
            assert usd_text(bill.cost_nanos) == usd
        else:  # whose prices depend on the hour of the day, or change often
            assert ("cache_read", 200) in [(kind, count) for _, kind, count in kinds(bill)]
            assert ("input", 60) in [(kind, count) for _, kind, count in kinds(bill)]

    @pytest.mark.parametrize(
        ("vendor", "model", "base_url", "usd"),
        [
            ("openai", "gpt-6-sol", "https://eu.api.openai.com/v1", "0.003300000"),
            ("openai", "gpt-6-sol", "https://us.api.openai.com/v1", "0.003300000"),
            ("openai", "gpt-6-sol", "https://api.openai.com/v1", "0.003000000"),
            ("openai", "gpt-4o", "https://eu.api.openai.com/v1", "0.003500000"),
            (
                "google",
                "claude-opus-5-5",
                "https://us-east5-aiplatform.googleapis.com/v1",
                "0.0066",
            ),
            ("google", "claude-opus-5-5", "https://aiplatform.eu.rep.googleapis.com/v1", "0.0066"),
            ("google", "claude-opus-5-5", "https://aiplatform.googleapis.com/v1", "0.0060"),
            (
                "google",
                "claude-3-5-haiku",
                "https://us-east5-aiplatform.googleapis.com/v1",
                "0.0012",
            ),
            ("aws", "anthropic.claude-opus-4-8", "https://x.example", "0.008250000"),
            ("aws", "global.anthropic.claude-opus-4-8-v1:0", "https://x.example", "0.007500000"),
        ],
    )
    def test_a_place_has_its_price(self, vendor: str, model: str, base_url: str, usd: str) -> None:
        bill = bill_of(vendor, model, CHAT, chat(1_000, 100), base_url=base_url)
        assert usd_text(bill.cost_nanos) == usd.ljust(11, "0")
