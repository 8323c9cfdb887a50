"""Both vendors' counts in one shape, and the documented estimate where there are none."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollgate_llm.metering.anthropic_usage import AnthropicAnswer
from tollgate_llm.metering.estimates import estimate_input, tokens_of
from tollgate_llm.metering.openai_usage import OpenAIAnswer
from tollgate_llm.metering.usage import Usage, usage_of

COUNTS = st.integers(0, 10**9)


def openai_usage(body: dict[str, object]) -> Usage | None:
    return msgspec.convert({"usage": body}, OpenAIAnswer).read()


def anthropic_usage(body: dict[str, object]) -> Usage | None:
    return msgspec.convert({"usage": body}, AnthropicAnswer).read(has_content=True)


class TestOpenAIAnswer:
    @given(COUNTS, COUNTS)
    def test_plain_counts_are_the_vendors_own(self, read: int, made: int) -> None:
        expected = usage_of(input=read, output=made)
        assert openai_usage({"prompt_tokens": read, "completion_tokens": made}) == expected
        assert openai_usage({"input_tokens": read, "output_tokens": made}) == expected

    @given(COUNTS, COUNTS, COUNTS, COUNTS)
    def test_no_part_is_more_than_the_whole(
        self, read: int, cached: int, written: int, heard: int
    ) -> None:
        details = {"cached_tokens": cached, "cache_write_tokens": written, "audio_tokens": heard}
        usage = openai_usage({"prompt_tokens": read, "prompt_tokens_details": details})
        assert usage is not None
        assert usage.input_tokens == read
        assert usage.cached_input_tokens + usage.cache_write_tokens <= read

    def test_nulls_are_zeros(self) -> None:
        body: dict[str, object] = {
            "prompt_tokens": 3,
            "completion_tokens": None,
            "prompt_tokens_details": None,
            "completion_tokens_details": {"reasoning_tokens": None},
        }
        assert openai_usage(body) == usage_of(input=3)

    def test_what_only_the_total_counts_is_output(self) -> None:
        usage = openai_usage({"prompt_tokens": 7, "completion_tokens": 124, "total_tokens": 1228})
        assert usage is not None
        assert (usage.output_tokens, usage.reasoning_tokens) == (1221, 1097)

    def test_unless_it_is_what_a_cache_gave(self) -> None:
        usage = openai_usage(
            {
                "prompt_tokens": 10,
                "completion_tokens": 5,
                "total_tokens": 115,
                "cache_read_input_tokens": 100,
            }
        )
        assert usage == usage_of(input=10, cache_read=100, output=5)

    def test_a_total_that_is_too_small_says_nothing(self) -> None:
        usage = openai_usage({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 3})
        assert usage == usage_of(input=10, output=5)

    @pytest.mark.parametrize("output", ["text", 7, [7], [[]], {"type": "x"}])
    def test_an_output_of_another_shape_hides_no_usage(self, output: object) -> None:
        body = {"output": output, "usage": {"input_tokens": 3, "output_tokens": 1}}
        answer = msgspec.json.decode(msgspec.json.encode(body), type=OpenAIAnswer)
        assert answer.read() == usage_of(input=3, output=1)

    def test_a_picture_drawn_by_another_model_is_its_part(self) -> None:
        drawing = {"model": "gpt-6-sol", "input_tokens": 5, "output_tokens": 9}
        body = {"usage": {"input_tokens": 1, "output_tokens": 2}, "svg_usage": drawing}
        usage = msgspec.json.decode(msgspec.json.encode(body), type=OpenAIAnswer).read("image")
        assert usage is not None
        assert [part.model for part in usage.parts] == [None, "gpt-6-sol"]
        assert (usage.input_tokens, usage.output_tokens) == (6, 11)


class TestAnthropicAnswer:
    @given(COUNTS, COUNTS, COUNTS)
    def test_the_cache_is_beside_what_was_read_afresh(
        self, fresh: int, read: int, written: int
    ) -> None:
        usage = anthropic_usage(
            {
                "input_tokens": fresh,
                "cache_read_input_tokens": read,
                "cache_creation_input_tokens": written,
                "output_tokens": 0,
            }
        )
        assert usage == usage_of(input=fresh, cache_read=read, cache_write_5m=written)

    def test_what_is_kept_for_an_hour_is_part_of_what_is_written(self) -> None:
        made = {"input_tokens": 1, "output_tokens": 1, "cache_creation_input_tokens": 10}
        for hour, counted in ((4, 4), (11, 10)):
            usage = anthropic_usage({**made, "cache_creation": {"ephemeral_1h_input_tokens": hour}})
            assert usage is not None
            (part,) = usage.parts
            assert part.quantities.get("cache_write_1h", 0) == counted
            assert usage.cache_write_tokens == 10

    @pytest.mark.parametrize(
        ("reported", "tier", "condition"),
        [
            ({"speed": "fast"}, "fast", ("speed", "fast")),
            ({"speed": "standard"}, None, None),
            ({"service_tier": "standard"}, "standard", None),
            ({"service_tier": "batch"}, "batch", ("processing", "batch")),
            ({"service_tier": "priority"}, "priority", ("service_tier", "priority")),
            ({"inference_geo": "us"}, None, ("inference_geo", "us")),
            ({"inference_geo": "not_available"}, None, None),
            ({"speed": 7, "service_tier": None, "inference_geo": []}, None, None),
        ],
    )
    def test_it_tells_how_it_was_processed(
        self, reported: dict[str, object], tier: str | None, condition: tuple[str, str] | None
    ) -> None:
        usage = anthropic_usage({"input_tokens": 1, "output_tokens": 1, **reported})
        assert usage is not None
        assert usage.service_tier == tier
        assert usage.conditions == ((condition,) if condition else ())

    def test_thinking_is_part_of_the_output(self) -> None:
        details = {"thinking_tokens": 30}
        usage = anthropic_usage(
            {"input_tokens": 1, "output_tokens": 40, "output_tokens_details": details}
        )
        assert usage is not None
        assert (usage.output_tokens, usage.reasoning_tokens) == (40, 30)


class TestUsage:
    def test_an_output_that_broke_off_is_at_least_what_had_come(self) -> None:
        usage = usage_of(input=5, output=2)
        assert usage.with_output_of_at_least(7) == usage_of(input=5, output=7)
        assert usage.with_output_of_at_least(1) is usage
        assert Usage().with_output_of_at_least(3) == usage_of(output=3)

    def test_two_pictures_are_counted_together(self) -> None:
        both = usage_of(input=5, image_output=2).plus(usage_of(input=1, image_output=3))
        assert (both.input_tokens, both.output_tokens) == (6, 5)


@pytest.mark.parametrize(("size", "tokens"), [(0, 0), (1, 1), (4, 1), (5, 2)])
def test_a_token_is_four_bytes_rounded_up(size: int, tokens: int) -> None:
    assert tokens_of(size) == tokens


def test_the_estimate_counts_the_prompts_text_only() -> None:
    body = {
        "model": "gpt-4o-mini",
        "system": "abcd",
        "messages": [
            {"role": "user", "content": "éé"},
            {"role": "user", "content": [{"type": "text", "text": "abcd"}]},
        ],
        "metadata": {"note": "not counted"},
    }
    assert estimate_input(json.dumps(body).encode()) == 3


def test_pictures_are_no_text() -> None:
    picture = "data:image/png;base64," + "A" * 5000
    source = {"type": "base64", "media_type": "image/png", "data": "A" * 5000}
    content = [{"type": "image_url", "image_url": {"url": picture, "detail": picture}},
               {"type": "image", "source": source}]  # fmt: skip
    body = {"messages": [{"role": "user", "content": content}]}
    assert estimate_input(json.dumps(body).encode()) < 10


@given(st.binary(max_size=200))
def test_the_estimate_takes_any_bytes(body: bytes) -> None:
    assert 0 <= estimate_input(body) <= tokens_of(len(body))


def test_deep_nesting_is_estimated_by_its_bytes() -> None:
    body = b'{"messages":' + b"[" * 100_000
    assert estimate_input(body) == tokens_of(len(body))
