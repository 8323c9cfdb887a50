"""Streams of responses in other orders and with other names than OpenAI gives them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.llm.dialects.messages_to_responses_cases import Json, call, message, reasoning, response
from tests.llm.dialects.test_messages_to_chat_streams import EVENT, accumulated, most_open
from tests.llm.dialects.test_messages_to_responses_streams import (
    ASKED,
    added,
    arguments,
    completed,
    content_of,
    done,
    streamed,
    text,
)
from tollgate_llm.dialects.messages_to_responses import TRANSLATION


class TestOddOrders:
    def test_without_any_event_of_an_item_the_last_one_says_it_all(self) -> None:
        items = (reasoning("gA==", "Hm."), message("Hello"), call('{"q":1}'))
        expected = TRANSLATION.answer(ASKED, response(*items))["content"]
        assert content_of(completed(*items)) == expected

    def test_without_the_end_of_an_item_it_ends_with_the_next(self) -> None:
        told = streamed(text("Hel"), text("lo"), added(call("")), arguments("{}"), completed())
        # The call's arguments come without its number, and so go to the text's place.
        assert [block["type"] for block in accumulated(told)["content"]] == ["text", "tool_use"]

    def test_text_that_goes_on_after_another_item_has_begun_is_a_block_of_its_own(self) -> None:
        events = [text("a", 0), added(call(""), 1), arguments("{", 1), text("b", 0)]
        content = content_of(*events, arguments("}", 1), completed())
        assert [block["type"] for block in content] == ["text", "tool_use", "text"]

    def test_calls_whose_arguments_come_in_turns(self) -> None:
        first, second = call("", number=1), call("", number=2)
        events = [added(first, 0), added(second, 1), arguments("{", 0), arguments("{", 1)]
        content = content_of(*events, arguments('"a":1}', 0), arguments("}", 1), completed())
        assert [(block["id"], block["input"]) for block in content] == [
            ("call_1", {"a": 1}),
            ("call_2", {}),
        ]

    def test_calls_that_all_have_the_number_nought(self) -> None:
        first, second = call('{"a":1}', number=1), call('{"a":2}', number=2)
        events = []
        for each in (first, second):
            events += [added({**each, "arguments": ""}), arguments(each["arguments"]), done(each)]
        content = content_of(*events, completed(first, second))
        assert [(block["id"], block["input"]["a"]) for block in content] == [
            ("call_1", 1),
            ("call_2", 2),
        ]

    def test_items_that_have_another_id_in_every_event(self) -> None:
        begun, ended = {**message(""), "id": "x1", "content": []}, {**message("Hello"), "id": "x3"}
        events = [added(begun), text("Hel", item_id="x2"), text("lo"), done(ended)]
        assert content_of(*events, completed({**ended, "id": "x4"})) == [
            {"type": "text", "text": "Hello"}
        ]

    def test_events_without_numbers_go_by_their_ids(self) -> None:
        item: Json = {**message("Hello"), "id": "m"}
        events = [
            {**added({**item, "content": []}), "output_index": None},
            {**text("Hello", item_id="m"), "output_index": None},
            {**done(item), "output_index": None},
        ]
        assert content_of(*events, completed(item)) == [{"type": "text", "text": "Hello"}]

    def test_an_event_that_is_repeated_says_nothing_new(self) -> None:
        item = call('{"a":1}')
        events = [added({**item, "arguments": ""}), added({**item, "arguments": ""})]
        events += [arguments('{"a":1}'), done(item), done(item), arguments("more")]
        content = content_of(*events, completed(item, item))
        assert [block["input"] for block in content] == [{"a": 1}]

    def test_arguments_before_the_name_wait_for_it(self) -> None:
        (block,) = content_of(
            arguments('{"a":'), arguments("1}"), done(call('{"a":1}')), completed()
        )
        assert (block["name"], block["input"]) == ("search", {"a": 1})

    def test_nothing_follows_the_end(self) -> None:
        translator = TRANSLATION.stream(ASKED)
        translator.feed(completed(message("a")))
        assert translator.feed(text("b")) == translator.feed(completed(message("c"))) == []


@pytest.mark.parametrize("events", [[arguments("{}")], [added({"type": "function_call"})], []])
def test_a_call_that_never_has_a_name_is_an_error(events: list[Json]) -> None:
    translator = TRANSLATION.stream(ASKED)
    for event in events:
        translator.feed(event)
    nameless = [] if events else [{"type": "function_call", "call_id": "c"}]
    with pytest.raises(ValueError, match="without a name"):
        translator.feed(completed(*nameless))
    assert not translator.is_whole


def test_arguments_that_lack_their_beginning_are_an_error() -> None:
    translator = TRANSLATION.stream(ASKED)
    translator.feed(added(call("")))
    translator.feed(arguments("1}"))
    with pytest.raises(ValueError, match="Extra data"):
        translator.feed(done(call('{"a":1}')))


def test_half_a_call_is_an_error_unless_the_answer_was_cut_off() -> None:
    events = [added(call("")), arguments('{"a":')]
    translator = TRANSLATION.stream(ASKED)
    for event in events:
        translator.feed(event)
    with pytest.raises(ValueError, match="Expecting value"):
        translator.feed(completed())
    assert not translator.is_whole
    cut = {"type": "response.incomplete", "response": {}}
    assert streamed(*events, cut)[-2]["delta"]["stop_reason"] == "max_tokens"


def test_arguments_that_are_written_otherwise_at_the_end_stand() -> None:
    item = call('{"a": 1}')
    content = content_of(added(call("")), arguments('{"a":1}'), done(item), completed(item))
    assert [block["input"] for block in content] == [{"a": 1}]


ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
KINDS = st.sampled_from(
    [
        "response.created",
        "response.output_item.added",
        "response.output_item.done",
        "response.output_text.delta",
        "response.refusal.delta",
        "response.reasoning_summary_text.delta",
        "response.function_call_arguments.delta",
    ]
)
ODD_ITEMS = st.fixed_dictionaries(
    {"type": st.sampled_from(["message", "reasoning", "function_call", "web_search_call"])},
    optional=dict.fromkeys(
        ("id", "call_id", "arguments", "content", "summary", "encrypted_content", "action"),
        ANYTHING,
    ),
).map(lambda item: {"name": "f", **item})
ODD_EVENTS = st.fixed_dictionaries(
    {"type": KINDS},
    optional={
        "output_index": ANYTHING,
        "item_id": ANYTHING,
        "summary_index": ANYTHING,
        "delta": ANYTHING,
        "item": ANYTHING | ODD_ITEMS,
        "response": ANYTHING,
    },
)


@settings(max_examples=300, deadline=None)
@given(st.lists(ODD_EVENTS, max_size=6))
def test_odd_events_break_nothing(events: list[Json]) -> None:
    translator = TRANSLATION.stream(ASKED)
    try:
        told = [event for each in [*events, completed()] for event in translator.feed(each)]
    except ValueError as error:
        assert isinstance(error, json.JSONDecodeError) or "without a name" in str(error)  # noqa: PT017
        return
    told += translator.finish()
    assert all(EVENT.validate_python(event) for event in told)
    most_open(told)
