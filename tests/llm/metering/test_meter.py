"""The meter lets every byte through, wherever the network cuts the stream, and reads the usage."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollgate_llm.metering import events
from tollgate_llm.metering.estimates import tokens_of
from tollgate_llm.metering.events import CHAT, MESSAGES, RESPONSES, Grammar, last_event_end
from tollgate_llm.metering.meter import LONGEST_EVENT, Meter
from tollgate_llm.metering.usage import Usage, usage_of

ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])
TEXTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(['"usage": {', "[DONE]", "message_stop", "data: [DONE]\n\n", '\\"error":']),
)


def chunk(text: str) -> dict[str, Any]:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": None}
    return {"id": "c", "choices": [choice], "usage": None}


def event(data: Any, end: bytes, name: str | None = None) -> bytes:
    head = b"event: " + name.encode() + end if name else b""
    return head + b"data: " + json.dumps(data).encode() + end + end


@st.composite
def chat_streams(
    draw: st.DrawFn,
) -> tuple[list[bytes], bytes, list[bytes], list[str]]:
    """The events before the usage chunk, that chunk, the events after it, and the texts."""
    end = draw(ENDS)
    texts = draw(st.lists(TEXTS, max_size=6))
    plain = [event(chunk(text), end) for text in texts]
    if draw(st.booleans()):
        plain.insert(0, b": a comment" + end + end)
    usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10,
             "prompt_tokens_details": {"cached_tokens": 2}}  # fmt: skip
    bare = event({"id": "c", "choices": [], "usage": usage}, end)
    return plain, bare, [b"data: [DONE]" + end + end], texts


def cut(data: bytes, at: list[int]) -> list[bytes]:
    places = sorted({place % (len(data) + 1) for place in at})
    return [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]


def passed(meter: Meter, pieces: list[bytes]) -> bytes:
    return b"".join([*(meter.feed(piece) for piece in pieces if piece), meter.finish()])


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=8),
       st.sampled_from([CHAT, RESPONSES, MESSAGES]))  # fmt: skip
def test_any_bytes_pass_unaltered_however_they_are_cut(
    data: bytes, at: list[int], grammar: Grammar
) -> None:
    assert passed(Meter(grammar, hide_usage=False), cut(data, at)) == data


@pytest.mark.parametrize("spare", [b"\n", b"\r\n", b"\r\n\n\n", b"\n\n\n"])
def test_blank_lines_before_the_usage_that_is_taken_out_stay(spare: bytes) -> None:
    before = b"data: {}\n\n" + spare
    usage = event({"choices": [], "usage": {"prompt_tokens": 1}}, b"\n")
    assert passed(Meter(CHAT, hide_usage=True), [before + usage + b"data: [DONE]\n\n"]) == (
        before + b"data: [DONE]\n\n"
    )


@given(st.lists(st.sampled_from([b"\n", b"\r", b"\r\n", b"data: x", b'data: {"usage": {', b"}"])),
       st.lists(st.integers(0, 400), max_size=8))  # fmt: skip
def test_line_ends_of_every_kind_pass_unaltered(parts: list[bytes], at: list[int]) -> None:
    data = b"".join(parts)
    for hide in (True, False):
        assert passed(Meter(CHAT, hide), cut(data, at)) == data


@given(chat_streams(), st.lists(st.integers(0, 10_000), max_size=30))
def test_the_usage_we_asked_for_is_taken_out_and_nothing_else(
    stream: tuple[list[bytes], bytes, list[bytes], list[str]], at: list[int]
) -> None:
    before, bare, after, _ = stream
    data = b"".join([*before, bare, *after])
    hiding, showing = Meter(CHAT, hide_usage=True), Meter(CHAT, hide_usage=False)
    assert passed(hiding, cut(data, at)) == b"".join([*before, *after])
    assert passed(showing, cut(data, at)) == data
    expected = usage_of(input=5, cache_read=2, output=3)
    for meter in (hiding, showing):
        assert meter.usage == expected
        assert meter.final
        assert meter.over
        assert not meter.failed


@given(chat_streams(), st.lists(st.integers(0, 10_000), max_size=30))
def test_without_usage_the_estimate_is_of_what_was_said(
    stream: tuple[list[bytes], bytes, list[bytes], list[str]], at: list[int]
) -> None:
    before, _, after, texts = stream
    meter = Meter(CHAT, hide_usage=True)
    passed(meter, cut(b"".join([*before, *after]), at))
    assert meter.usage is None
    assert not meter.final
    assert meter.estimated_output() == tokens_of(sum(len(json.dumps(t)) - 2 for t in texts))


@given(st.lists(TEXTS, max_size=4), st.lists(st.integers(0, 10_000), max_size=20), ENDS)
def test_anthropics_two_reports_are_one_usage(texts: list[str], at: list[int], end: bytes) -> None:
    start: dict[str, Any] = {"type": "message_start", "message": {"usage": {
        "input_tokens": 5, "cache_read_input_tokens": 11, "cache_creation_input_tokens": 13,
        "output_tokens": 1}}}  # fmt: skip
    deltas = [
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}
        for text in texts
    ]
    last = {"type": "message_delta", "delta": {}, "usage": {"output_tokens": 40}}
    stop = {"type": "message_stop"}
    data = b"".join(event(d, end, str(d["type"])) for d in (start, *deltas, last, stop))
    meter = Meter(MESSAGES, hide_usage=False)
    assert passed(meter, cut(data, at)) == data
    assert meter.usage == usage_of(input=5, cache_read=11, cache_write_5m=13, output=40)
    assert meter.final
    assert meter.over


@pytest.mark.parametrize("kind", ["completed", "incomplete", "failed"])
def test_a_response_ends_with_its_usage(kind: str) -> None:
    usage = {"input_tokens": 9, "input_tokens_details": {"cached_tokens": 4},
             "output_tokens": 6, "output_tokens_details": {"reasoning_tokens": 5}}  # fmt: skip
    created = {"type": "response.created", "response": {"usage": None}}
    ended = {"type": f"response.{kind}", "response": {"usage": usage}}
    meter = Meter(RESPONSES, hide_usage=False)
    for data in (created, ended):
        assert not meter.over
        meter.feed(event(data, b"\n", str(data["type"])))
    assert meter.over
    assert meter.failed == (kind == "failed")
    expected = usage_of(input=5, cache_read=4, output=6)
    assert meter.usage == msgspec.structs.replace(expected, reasoning_tokens=5)


@pytest.mark.parametrize(
    ("grammar", "data"),
    [
        (CHAT, {"error": {"message": "overloaded"}}),
        (RESPONSES, {"type": "error", "message": "overloaded"}),
        (MESSAGES, {"type": "error", "error": {"type": "overloaded_error"}}),
    ],
)
def test_an_error_event_ends_the_stream_as_failed(grammar: Grammar, data: Any) -> None:
    meter = Meter(grammar, hide_usage=False)
    meter.feed(event(data, b"\n"))
    assert meter.over
    assert meter.failed


def test_usage_beside_content_is_read_and_stays() -> None:
    data = {**chunk("hi"), "usage": {"prompt_tokens": 1, "completion_tokens": 2}}
    meter = Meter(CHAT, hide_usage=True)
    assert meter.feed(event(data, b"\n")) == event(data, b"\n")
    assert meter.usage == usage_of(input=1, output=2)


def test_the_later_of_two_reports_holds() -> None:
    meter = Meter(CHAT, hide_usage=False)
    for count in (1, 2, 3):
        usage = {"prompt_tokens": 4, "completion_tokens": count}
        meter.feed(event({**chunk("x"), "usage": usage}, b"\n"))
    assert meter.usage == usage_of(input=4, output=3)


@pytest.mark.parametrize("usage", [{"prompt_tokens": -1}, {"prompt_tokens": "7"}, {}, [1], "7"])
def test_a_count_that_is_no_number_is_no_usage(usage: Any) -> None:
    meter = Meter(CHAT, hide_usage=True)
    data = event({"choices": [], "usage": usage}, b"\n")
    meter.feed(data)
    assert meter.usage is None


def test_half_an_event_is_held_back_until_it_is_whole() -> None:
    meter = Meter(CHAT, hide_usage=False)
    assert meter.feed(b"data: 1\n\ndata: 2") == b"data: 1\n\n"
    assert meter.feed(b"\n") == b""
    assert meter.feed(b"\n") == b"data: 2\n\n"


def test_an_event_without_end_passes_rather_than_fill_the_memory() -> None:
    meter = Meter(CHAT, hide_usage=True)
    whole = b"data: " + b"x" * (LONGEST_EVENT + 1)
    assert meter.feed(whole[:100]) == b""
    assert meter.feed(whole[100:]) == whole
    assert meter.feed(b"more") == b"more"


@given(st.lists(st.sampled_from([b"\n", b"\r", b"a"]), max_size=12))
def test_the_end_of_the_last_event_is_found_from_anywhere_before_it(parts: list[bytes]) -> None:
    """The short cut for the usual end of a read agrees with the long way."""
    data = b"".join(parts)
    ends = [found.end() for found in events._END_OF_EVENT.finditer(data)]
    if data.endswith(b"\r") and ends and ends[-1] == len(data):
        ends.pop()
    assert last_event_end(data, 0) == (ends[-1] if ends else 0)


USED = {"prompt_tokens": 4, "completion_tokens": 1}


@pytest.mark.parametrize(
    ("grammar", "data"),
    [
        (CHAT, {"choices": [], "usage": USED, "service_tier": "priority"}),
        (
            RESPONSES,
            {
                "type": "response.completed",
                "response": {"usage": USED, "service_tier": "priority"},
            },
        ),
        (
            MESSAGES,
            {
                "type": "message_start",
                "message": {"usage": {"input_tokens": 4, "output_tokens": 1, "speed": "priority"}},
            },
        ),
    ],
)
def test_a_stream_says_how_it_was_processed(grammar: Grammar, data: dict[str, Any]) -> None:
    meter = Meter(grammar, hide_usage=False)
    meter.feed(event(data, b"\n"))
    condition = ("speed" if grammar is MESSAGES else "service_tier", "priority")
    assert meter.usage == Usage(
        parts=usage_of(input=4, output=1).parts,
        service_tier="priority",
        conditions=(condition,),
    )


GARBLED: list[Any] = [
    {"prompt_tokens": -5, "completion_tokens": "many"},
    {"prompt_tokens": 2.5},
    {"prompt_tokens": "12"},
    {"prompt_tokens": 7, "prompt_tokens_details": [3]},
]


@pytest.mark.parametrize("usage", GARBLED)
def test_usage_that_only_we_asked_for_is_taken_out_also_when_it_is_garbled(usage: Any) -> None:
    said, bare, end = chunk("hi"), {"id": "c", "choices": [], "usage": usage}, b"data: [DONE]\n\n"
    before, between = event(said, b"\n"), event(bare, b"\n")
    hiding, showing = Meter(CHAT, hide_usage=True), Meter(CHAT, hide_usage=False)
    assert passed(hiding, [before, between, end]) == before + end
    assert passed(showing, [before, between, end]) == before + between + end
    assert (hiding.usage, hiding.final, hiding.over, hiding.failed) == (None, False, True, False)


@pytest.mark.parametrize(
    ("grammar", "data", "failed"),
    [
        (
            RESPONSES,
            {"type": "response.completed", "response": {"usage": {"input_tokens": -1}}},
            False,
        ),
        (RESPONSES, {"type": "response.failed", "response": {"usage": {"input_tokens": -1}}}, True),
        (CHAT, {"error": {"message": "died"}, "usage": {"prompt_tokens": "x"}}, True),
        (MESSAGES, {"type": "error", "usage": {"input_tokens": "x"}, "error": {}}, True),
        (
            events.TRANSCRIPTS,
            {"type": "transcript.text.done", "usage": {"input_tokens": -1}},
            False,
        ),
    ],
)
def test_an_event_with_garbled_usage_ends_a_stream_all_the_same(
    grammar: Grammar, data: Any, failed: bool
) -> None:
    meter = Meter(grammar, hide_usage=False)
    meter.feed(event(data, b"\n"))
    assert (meter.over, meter.failed, meter.usage) == (True, failed, None)
