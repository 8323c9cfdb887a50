from __future__ import annotations

from typing import Any, cast

import pytest
from anthropic.lib.streaming._messages import accumulate_event
from anthropic.types import Message, RawMessageStreamEvent
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from tests.llm.dialects.messages_to_chat_cases import Json, answers, chunkings
from tollgate_llm.dialects.messages_to_chat import TRANSLATION

ASKED: Json = {"model": "small", "max_tokens": 10, "messages": [], "stop_sequences": ["END"]}
BOTH = answers().flatmap(lambda answer: st.tuples(st.just(answer), chunkings(answer)))
EVENT: TypeAdapter[RawMessageStreamEvent] = TypeAdapter(RawMessageStreamEvent)


def chunk(delta: Json | None = None, **more: Any) -> Json:
    choice = {"index": 0, "delta": delta or {}, "finish_reason": None, **more}
    return {"id": "chatcmpl-1", "created": 1, "model": "big", "choices": [choice]}


def called(at: int, arguments: str, call_id: str | None = None, name: str | None = None) -> Json:
    """A piece of a call, its beginning where it has an id or a name."""
    function = {"arguments": arguments} | ({"name": name} if name else {})
    return {"index": at, "function": function} | ({} if call_id is None else {"id": call_id})


def streamed(*chunks: Json, **asked: Any) -> list[Json]:
    translator = TRANSLATION.stream({**ASKED, **asked})
    events = [event for each in chunks for event in translator.feed(each)]
    return [*events, *translator.finish()]


def accumulated(events: list[Json]) -> Json:
    """As the SDK puts them together."""
    message: Any = None
    buffers: dict[int, bytes] = {}
    for event in events:
        message = accumulate_event(
            event=EVENT.validate_python(event), current_snapshot=message, json_bufs=buffers
        )
    Message.model_validate(message.to_dict())
    return cast(Json, message.to_dict())


def most_open(events: list[Json]) -> int:
    """How many blocks are open at once, at most; the order is that of the protocol."""
    kinds = [event["type"] for event in events]
    assert kinds[0] == "message_start"
    assert kinds[-2:] == ["message_delta", "message_stop"]
    begun, unstopped, most = 0, set(), 0
    for event in events[1:-2]:
        if event["type"] == "content_block_start":
            assert event["index"] == begun
            unstopped.add(begun)
            begun, most = begun + 1, max(most, len(unstopped))
        assert event["index"] in unstopped
        if event["type"] == "content_block_stop":
            unstopped.remove(event["index"])
    assert not unstopped
    return most


@settings(max_examples=200, deadline=None)
@given(BOTH, st.sampled_from(["summarized", "omitted"]))
def test_a_stream_in_any_pieces_adds_up_to_the_whole(
    both: tuple[Json, list[Json]], display: str
) -> None:
    answer, chunks = both
    asked = {**ASKED, "thinking": {"type": "adaptive", "display": display}}
    events = streamed(*chunks, **asked)
    most_open(events)
    assert accumulated(events) == TRANSLATION.answer(asked, answer)


@settings(max_examples=60, deadline=None)
@given(BOTH)
def test_every_piece_is_passed_on_at_once(both: tuple[Json, list[Json]]) -> None:
    _, chunks = both
    translator = TRANSLATION.stream(ASKED)
    for each in chunks:
        events = translator.feed(each)
        delta = each["choices"][0]["delta"] if each["choices"] else {}
        said = [
            delta.get(name) for name in ("content", "refusal", "reasoning", "reasoning_content")
        ]
        said += [call["function"]["arguments"] for call in delta.get("tool_calls", ())]
        pieces = [event["delta"] for event in events if event["type"] == "content_block_delta"]
        passed = [piece for each in pieces for name, piece in each.items() if name != "type"]
        signatures = [piece for piece in passed if piece.startswith("chat:reasoning")]
        assert len(passed) - len(signatures) == len([text for text in said if text])


def test_calls_in_a_row_are_blocks_in_a_row() -> None:
    pieces = [
        called(0, "", "a", "f"),
        called(0, '{"x"'),
        called(0, ":1}"),
        called(1, "{}", "b", "g"),
    ]
    events = streamed(*(chunk({"tool_calls": [piece]}) for piece in pieces))
    assert most_open(events) == 1
    assert [block["input"] for block in accumulated(events)["content"]] == [{"x": 1}, {}]


def test_calls_in_turns_are_open_side_by_side() -> None:
    pieces = [called(0, "{", "a", "f"), called(1, "{", "b", "g"), called(0, "}"), called(1, "}")]
    events = streamed(chunk({"tool_calls": pieces}))
    assert most_open(events) == 2
    stops = [event["index"] for event in events if event["type"] == "content_block_stop"]
    assert stops == [0, 1]


def test_calls_that_are_all_numbered_nought_are_told_apart() -> None:
    pieces = [called(0, '{"x":1}', "a", "f"), called(0, '{"x":2}', "b", "f")]
    content = accumulated(streamed(*(chunk({"tool_calls": [each]}) for each in pieces)))["content"]
    assert [(block["id"], block["input"]["x"]) for block in content] == [("a", 1), ("b", 2)]


def test_an_id_that_is_repeated_is_the_same_call() -> None:
    pieces = [called(0, '{"x"', "a", "f"), called(0, ":1}", "a", "f")]
    (block,) = accumulated(streamed(*(chunk({"tool_calls": [each]}) for each in pieces)))["content"]
    assert block["input"] == {"x": 1}


def test_calls_without_ids_get_those_of_the_whole_answer() -> None:
    pieces = [called(0, "{}", "", "f"), called(1, "{}", "", "f")]
    calls = [{"function": {"name": "f", "arguments": "{}"}} for _ in pieces]
    answer = {"id": "chatcmpl-1", "choices": [{"message": {"tool_calls": calls}}]}
    got = accumulated(streamed(chunk({"tool_calls": pieces})))["content"]
    assert got == TRANSLATION.answer(ASKED, answer)["content"]


def test_text_after_a_call_is_a_block_of_its_own() -> None:
    call = called(0, "{}", "a", "f")
    chunks = [chunk({"content": "a"}), chunk({"tool_calls": [call]}), chunk({"content": "b"})]
    content = accumulated(streamed(*chunks))["content"]
    assert [block["type"] for block in content] == ["text", "tool_use", "text"]


def test_the_message_starts_with_the_first_choice() -> None:
    translator = TRANSLATION.stream(ASKED)
    assert translator.feed({"id": "", "choices": [], "prompt_filter_results": []}) == []
    (start,) = translator.feed(chunk({"role": "assistant", "content": ""}))
    assert start["message"]["id"] == "msg_1"


def test_usage_beside_the_last_choice_is_counted() -> None:
    last = {**chunk(finish_reason="stop"), "usage": {"prompt_tokens": 3, "completion_tokens": 2}}
    events = streamed({**chunk({"content": "a"}), "usage": None}, last)
    used = events[-2]["usage"]
    assert (used["input_tokens"], used["output_tokens"]) == (3, 2)


def test_a_stop_sequence_that_the_provider_tells_is_told() -> None:
    events = streamed(chunk({"content": "a"}), chunk(finish_reason="stop", stop_reason="END"))
    assert events[-2]["delta"]["stop_reason"] == "stop_sequence"
    assert events[-2]["delta"]["stop_sequence"] == "END"


def test_other_choices_are_not_mixed_in() -> None:
    events = streamed(chunk({"content": "a"}), chunk({"content": "b"}, index=1))
    assert [block["text"] for block in accumulated(events)["content"]] == ["a"]


def test_a_stream_of_nothing_is_an_empty_message() -> None:
    message = accumulated(streamed())
    assert message["content"] == []
    assert message["stop_reason"] == "end_turn"


ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
ODD_CALLS = st.fixed_dictionaries(
    {}, optional={"index": ANYTHING, "id": ANYTHING, "function": ANYTHING}
)
ODD_DELTAS = st.fixed_dictionaries(
    {},
    optional={
        "content": ANYTHING,
        "reasoning": ANYTHING,
        "refusal": ANYTHING,
        "tool_calls": ANYTHING | st.lists(ODD_CALLS, max_size=2),
    },
)
ODD_CHOICES = st.fixed_dictionaries(
    {},
    optional={
        "index": ANYTHING,
        "delta": ANYTHING | ODD_DELTAS,
        "finish_reason": ANYTHING,
        "stop_reason": ANYTHING,
    },
)
ODD_EVENTS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.just("ping"),
        "id": ANYTHING,
        "usage": ANYTHING,
        "service_tier": ANYTHING,
        "choices": ANYTHING | st.lists(ODD_CHOICES, max_size=2),
    },
)


@settings(max_examples=150, deadline=None)
@given(st.lists(ODD_EVENTS, max_size=5))
def test_odd_events_break_nothing(chunks: list[Json]) -> None:
    events = streamed(*chunks)
    assert all(EVENT.validate_python(event) for event in events)
    begun = sum(event["type"] == "content_block_start" for event in events)
    assert most_open(events) <= begun


@pytest.mark.parametrize("event", [{}, {"type": "ping"}, {"error": {"message": "no"}}])
def test_what_is_no_chunk_is_ignored(event: Json) -> None:
    assert TRANSLATION.stream(ASKED).feed(event) == []
