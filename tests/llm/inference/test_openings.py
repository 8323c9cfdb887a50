"""The beginning of a stream is held back until it says something, however it is cut."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollgate_llm.inference.non_answers import NonAnswer
from tollgate_llm.inference.openings import SILENT, Opening

OPENROUTER = {"error": {"message": "Provider returned error", "code": 502}}
CLAUDE = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
START = {"type": "message_start", "message": {"id": "m", "usage": {"input_tokens": 3}}}
CREATED = {"type": "response.created", "response": {"status": "in_progress", "error": None}}
FAILED = {
    "type": "response.failed",
    "response": {
        "object": "response",
        "status": "failed",
        "error": {"code": "rate_limit_exceeded", "message": "Slow down."},
    },
}
HI = {"choices": [{"index": 0, "delta": {"content": "hi"}}]}
COMMENT, DONE = b": OPENROUTER PROCESSING\n\n", b"data: [DONE]\n\n"


def event(data: Any) -> bytes:
    return b"data: " + json.dumps(data).encode() + b"\n\n"


def opened(*pieces: bytes) -> Opening:
    """Fed until it has decided, and to the end if it has not."""
    opening = Opening()
    for piece in pieces:
        opening.feed(piece)
        if opening.has_begun or opening.non_answer:
            return opening
    opening.finish()
    return opening


@pytest.mark.parametrize(
    ("stream", "status", "words"),
    [
        ([event(OPENROUTER)], 502, "Provider returned error"),
        ([COMMENT, COMMENT, event(OPENROUTER)], 502, "Provider returned error"),
        ([b"event: error\n", event(CLAUDE)], 529, "Overloaded"),
        ([event(START), event({"type": "ping"}), event(CLAUDE)], 529, "Overloaded"),
        ([event(CREATED), event(FAILED)], 429, "Slow down."),
        ([event({"type": "response.failed"})], 502, "no reason given"),
        ([event({"type": "error", "code": "server_error", "message": "flat"})], 500, "flat"),
        (
            [
                event(
                    {
                        **OPENROUTER,
                        "object": "chat.completion.chunk",
                        "choices": [{"delta": {"content": ""}, "finish_reason": "error"}],
                    }
                )
            ],
            502,
            "Provider returned error",
        ),
        ([event({"error": "text"}), DONE], 502, "text"),
        (
            [b'data: {"error":\ndata: {"message": "over lines", "code": 503}}\n\n'],
            503,
            "over lines",
        ),
        ([b'data: {"error": {"message": "no end", "code": 500}}'], 500, "no end"),
        ([json.dumps(OPENROUTER).encode()], 502, "Provider returned error"),
        ([json.dumps([OPENROUTER]).encode()], 502, "Provider returned error"),
    ],
)
def test_an_error_is_the_first_thing_said(stream: list[bytes], status: int, words: str) -> None:
    opening = opened(*stream)
    assert not opening.has_begun
    assert opening.non_answer is not None
    assert (opening.non_answer.status, opening.non_answer.words) == (status, words)
    assert opening.held == b"".join(stream)[: len(opening.held)]


@pytest.mark.parametrize(
    "stream",
    [
        [],
        [b"\n"],
        [COMMENT],
        [DONE],
        [COMMENT, DONE],
        [event(START)],
        [event(CREATED), DONE],
        [b"event: message_start\n\n"],
        [b"data:\n\n"],
        [b"id: 7\n\n", DONE],
    ],
)
def test_a_stream_that_ends_without_a_word_is_none(stream: list[bytes]) -> None:
    opening = opened(*stream)
    assert (opening.has_begun, opening.non_answer) == (False, SILENT)


@pytest.mark.parametrize(
    "stream",
    [
        [event(HI)],
        [event(HI), event(OPENROUTER)],
        [COMMENT, event(HI)],
        [event(START), event({"type": "content_block_start", "index": 0})],
        [event(START), event({"type": "message_delta", "usage": {"output_tokens": 0}})],
        [event(CREATED), event({"type": "response.completed", "response": {"error": None}})],
        [event({"choices": [], "usage": {"prompt_tokens": 3}}), DONE],
        [event({"choices": [], "error": None})],
        [event({"type": ["odd"], "error": ""})],
        [b"data: no JSON\n\n"],
        [b'data: {"choices": [NaN]}\n\n'],
        [b"data: " + b"[" * 5000 + b"]" * 5000 + b"\n\n"],
        [json.dumps({"choices": [{"message": {"content": "whole"}}]}).encode()],
    ],
)
def test_a_stream_that_says_something_has_begun(stream: list[bytes]) -> None:
    opening = opened(*stream)
    assert (opening.has_begun, opening.non_answer) == (True, None)


@given(
    st.sampled_from(
        [
            [COMMENT, event(START), event(CLAUDE)],
            [COMMENT, event(HI), event(OPENROUTER)],
            [event(CREATED), event(FAILED)],
            [COMMENT, DONE],
        ]
    ),
    st.lists(st.integers(0, 400), max_size=12),
    st.sampled_from([b"\n", b"\r\n", b"\r"]),
)
def test_the_same_is_found_however_the_network_cuts_it(
    stream: list[bytes], cuts: list[int], end: bytes
) -> None:
    whole = b"".join(stream).replace(b"\n", end)
    places = sorted({place % (len(whole) + 1) for place in cuts})
    pieces = [whole[a:b] for a, b in zip([0, *places], [*places, len(whole)], strict=True)]
    opening, at_once = opened(*pieces), opened(*stream)
    assert opening.has_begun == at_once.has_begun
    assert opening.non_answer == at_once.non_answer
    assert whole.startswith(opening.held)


def test_the_events_own_json_can_be_passed_on() -> None:
    opening = opened(COMMENT, event(OPENROUTER))
    assert opening.non_answer == NonAnswer(502, "Provider returned error", "openai")
    assert json.loads(opening.error) == OPENROUTER
