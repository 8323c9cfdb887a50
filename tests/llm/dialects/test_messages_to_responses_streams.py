from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.llm.dialects.messages_to_responses_cases import (
    BOTH,
    Json,
    message,
    reasoning,
    response,
)
from tests.llm.dialects.test_messages_to_chat_streams import accumulated, most_open
from tollgate_llm.dialects.messages_to_responses import TRANSLATION

ASKED: Json = {"model": "small", "max_tokens": 100, "messages": []}


def streamed(*events: Json, **asked: Any) -> list[Json]:
    translator = TRANSLATION.stream({**ASKED, **asked})
    told = [event for each in events for event in translator.feed(each)]
    assert translator.is_whole
    return [*told, *translator.finish()]


def content_of(*events: Json, **asked: Any) -> list[Json]:
    told = streamed(*events, **asked)
    most_open(told)
    content: list[Json] = accumulated(told)["content"]
    return content


def added(item: Json, at: int = 0, **more: Any) -> Json:
    return {"type": "response.output_item.added", "output_index": at, "item": item, **more}


def done(item: Json, at: int = 0, **more: Any) -> Json:
    return {"type": "response.output_item.done", "output_index": at, "item": item, **more}


def text(delta: str, at: int = 0, **more: Any) -> Json:
    return {"type": "response.output_text.delta", "output_index": at, "delta": delta, **more}


def arguments(delta: str, at: int = 0, **more: Any) -> Json:
    kind = "response.function_call_arguments.delta"
    return {"type": kind, "output_index": at, "delta": delta, **more}


def thought(delta: str, at: int = 0, part: int = 0) -> Json:
    kind = "response.reasoning_summary_text.delta"
    return {"type": kind, "output_index": at, "summary_index": part, "delta": delta}


def as_text(block: Json) -> str:
    return json.dumps(block, sort_keys=True)


def completed(*output: Json, **more: Any) -> Json:
    return {"type": "response.completed", "response": response(*output, **more)}


@settings(max_examples=200, deadline=None)
@given(BOTH, st.sampled_from(["summarized", "omitted"]))
def test_a_stream_in_any_pieces_adds_up_to_the_whole(
    both: tuple[Json, list[Json]], display: str
) -> None:
    answer, events = both
    asked = {**ASKED, "thinking": {"type": "adaptive", "display": display}}
    told = streamed(*events, **asked)
    assert most_open(told) <= 1
    assert accumulated(told) == TRANSLATION.answer(asked, answer)


@settings(max_examples=60, deadline=None)
@given(BOTH)
def test_every_piece_is_passed_on_at_once(both: tuple[Json, list[Json]]) -> None:
    translator = TRANSLATION.stream(ASKED)
    for each in both[1]:
        told = translator.feed(each)
        pieces = [event["delta"] for event in told if event["type"] == "content_block_delta"]
        if "delta" in each:
            assert len(pieces) == bool(each["delta"])


@settings(max_examples=100, deadline=None)
@given(BOTH, st.data())
def test_events_that_are_missing_are_made_up_for_by_the_last(
    both: tuple[Json, list[Json]], data: st.DataObject
) -> None:
    """OpenAI's last event has all of the output."""
    answer, events = both
    silent = data.draw(st.sets(st.integers(0, 4)))
    kept = [
        event
        for event in events[:-1]
        if ("delta" not in event or event["output_index"] not in silent)
        and ("delta" in event or data.draw(st.booleans()))
    ]
    content = content_of(*kept, {**events[-1], "response": answer})
    expected = TRANSLATION.answer(ASKED, answer)["content"]
    assert sorted(map(as_text, content)) == sorted(map(as_text, expected))


@pytest.mark.parametrize("kind", ["in_progress", "created", "queued", "cancelled", "failed"])
def test_only_an_end_makes_it_whole(kind: str) -> None:
    translator = TRANSLATION.stream(ASKED)
    translator.feed(text("a"))
    translator.feed({"type": f"response.{kind}", "response": response()})
    assert not translator.is_whole


def test_the_message_starts_with_the_response() -> None:
    translator = TRANSLATION.stream(ASKED)
    assert translator.feed({"type": "keepalive"}) == []
    (start,) = translator.feed({"type": "response.created", "response": response()})
    assert start["message"]["id"] == "msg_1"
    assert translator.feed({"type": "response.in_progress", "response": response()}) == []


def test_parts_of_a_summary_are_paragraphs() -> None:
    item = reasoning("gA==", "Hm.", "So.")
    events = [added(reasoning("half")), thought("Hm."), thought("S", part=1), thought("o.", part=1)]
    (block,) = content_of(*events, done(item), completed(item))
    assert (block["thinking"], block["signature"]) == ("Hm.\n\nSo.", "responses:rs_1:gA==")


def test_a_thought_whose_item_never_ends_is_signed_by_the_last_event() -> None:
    item = reasoning("gA==", "Hm.")
    (block,) = content_of(added(reasoning("half")), thought("Hm."), completed(item))
    assert block["signature"] == "responses:rs_1:gA=="


def test_usage_and_ending_are_those_of_the_last_event() -> None:
    cut = {"reason": "max_output_tokens"}
    last = {
        "type": "response.incomplete",
        "response": {"usage": {"input_tokens": 3, "output_tokens": 2}, "incomplete_details": cut},
    }
    told = streamed(text("a"), last)
    assert told[-2]["delta"]["stop_reason"] == "max_tokens"
    assert (told[-2]["usage"]["input_tokens"], told[-2]["usage"]["output_tokens"]) == (3, 2)


def test_a_search_of_the_web_comes_whole() -> None:
    search = {"type": "web_search_call", "id": "ws_1", "action": {"query": "cats"}}
    content = content_of(added({**search, "action": None}), done(search), text("a", 1), completed())
    expected = TRANSLATION.answer(ASKED, response(search, message("a")))["content"]
    assert content == expected
