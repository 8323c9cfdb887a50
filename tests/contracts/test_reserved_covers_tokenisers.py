"""No less is reserved than published tokenisers count, wherever a text is in a request."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contracts.record_token_counts import RECORDED, installed_version
from tests.contracts.request_bodies import (
    CONVERSATIONS,
    IMAGES,
    PATHS,
    PLACES,
    SPEECH,
    body_of,
    read_twice,
)
from tests.gateway.test_upper_bound import bound
from tollgate_gateway.parsed_requests.input_bound import bound_input
from tollgate_gateway.parsed_requests.readers import READERS
from tollgate_gateway.parsed_requests.text_tokens import text_tokens

TOKENS_PER_MESSAGE, TOKENS_OF_ANSWER = 4, 3
"""As OpenAI publishes them."""

DATA: dict[str, Any] = json.loads(RECORDED.read_text())
COUNTS: dict[str, list[int]] = DATA["tokens"]["texts"]
HIGHEST = [max(of_each) for of_each in zip(*COUNTS.values(), strict=True)]
SAMPLES = list(zip(DATA["texts"], HIGHEST, strict=True))


def test_the_record_was_made_with_the_version_that_is_installed() -> None:
    assert DATA["made_by"]["tokenizer"] == installed_version()


@pytest.mark.parametrize("encoding", sorted(COUNTS))
def test_no_text_has_more_tokens_than_are_counted(encoding: str) -> None:
    counted = zip(DATA["texts"], COUNTS[encoding], strict=True)
    assert [text for text, tokens in counted if tokens > text_tokens(text)] == []


@given(
    st.sampled_from(PATHS),
    st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(SAMPLES)), min_size=1, max_size=9),
)
def test_no_request_has_more_tokens_than_are_reserved(
    path: str, placed: list[tuple[str, tuple[str, int]]]
) -> None:
    body = json.dumps(body_of(path, [(place, text) for place, (text, _) in placed])).encode()
    texts = sum(tokens * (1 + read_twice(path, place)) for place, (_, tokens) in placed)
    around = TOKENS_OF_ANSWER + TOKENS_PER_MESSAGE * len(placed) if path in CONVERSATIONS else 0
    # Texts that are spoken or drawn are put together, which can only save tokens.
    joined = path in (SPEECH, IMAGES)
    reserved = bound(READERS[path](body, None), body).input_tokens
    assert texts + around <= reserved + (len(placed) if joined else 0)


@pytest.mark.parametrize("number", range(len(DATA["requests"])))
def test_no_chat_has_more_tokens_than_are_reserved(number: int) -> None:
    """By OpenAI's published way of showing messages and functions to its models."""
    body = json.dumps({"model": "m", **DATA["requests"][number]}).encode()
    assert DATA["tokens"]["requests"][number] <= bound_input(body).text_tokens
