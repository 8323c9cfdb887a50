"""Both vendors' counts in one shape, and the documented estimate where there are none."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollgate_llm.metering.usage import (
    AnthropicUsage,
    OpenAIUsage,
    Usage,
    estimate_input,
    tokens_of,
)

COUNTS = st.integers(0, 10**9)


def openai_usage(body: dict[str, object]) -> Usage | None:
    return msgspec.convert(body, OpenAIUsage).normal()


def anthropic_usage(body: dict[str, object]) -> Usage | None:
    return msgspec.convert(body, AnthropicUsage).normal()


@given(COUNTS, COUNTS)
def test_plain_counts_are_the_vendors_own(read: int, wrote: int) -> None:
    expected = Usage(input_tokens=read, output_tokens=wrote)
    assert openai_usage({"prompt_tokens": read, "completion_tokens": wrote}) == expected
    assert openai_usage({"input_tokens": read, "output_tokens": wrote}) == expected
    assert anthropic_usage({"input_tokens": read, "output_tokens": wrote}) == expected


@given(COUNTS, COUNTS, COUNTS)
def test_anthropics_cache_is_part_of_the_input(fresh: int, read: int, written: int) -> None:
    usage = anthropic_usage({"input_tokens": fresh, "cache_read_input_tokens": read,
                             "cache_creation_input_tokens": written,
                             "output_tokens": 0})  # fmt: skip
    assert usage is not None
    assert usage.input_tokens - usage.cached_input_tokens - usage.cache_write_tokens == fresh


@given(COUNTS, COUNTS, COUNTS)
def test_no_part_is_more_than_the_whole(read: int, cached: int, written: int) -> None:
    details = {"cached_tokens": cached, "cache_write_tokens": written}
    usage = openai_usage({"prompt_tokens": read, "prompt_tokens_details": details})
    assert usage is not None
    assert usage.cached_input_tokens + usage.cache_write_tokens <= usage.input_tokens


def test_nulls_are_zeros() -> None:
    body: dict[str, object] = {"prompt_tokens": 3, "completion_tokens": None,
                               "prompt_tokens_details": None,
                               "completion_tokens_details": {"reasoning_tokens": None}}  # fmt: skip
    assert openai_usage(body) == Usage(input_tokens=3, output_tokens=0)


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


def test_what_is_kept_for_an_hour_is_part_of_what_is_written() -> None:
    made = {"input_tokens": 1, "output_tokens": 1, "cache_creation_input_tokens": 10}
    for hour, counted in ((4, 4), (11, 10)):
        usage = anthropic_usage({**made, "cache_creation": {"ephemeral_1h_input_tokens": hour}})
        assert usage is not None
        assert (usage.cache_write_tokens, usage.cache_write_1h_tokens) == (10, counted)


@pytest.mark.parametrize(
    ("said", "way"), [("fast", "fast"), ("standard", None), (None, None), (7, None)]
)
def test_a_way_to_be_processed_is_told_unless_it_is_the_usual_one(
    said: object, way: str | None
) -> None:
    usage = anthropic_usage({"input_tokens": 1, "output_tokens": 1, "speed": said})
    assert usage is not None
    assert usage.way == way
