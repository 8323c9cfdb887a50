from __future__ import annotations

import json
from typing import Any

import pytest
from anthropic.types import RawMessageStreamEvent
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletionChunk
from pydantic import TypeAdapter

from tests.llm.dialects.chat_to_messages_cases import Json, answers, streams
from tollgate_llm.dialects.chat_to_messages import TRANSLATION

ASKED: Json = {"model": "small", "messages": [{"role": "user", "content": "Hi."}]}
COUNTED: Json = {**ASKED, "stream": True, "stream_options": {"include_usage": True}}
EVENT: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)
USE = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}
TEXT = {"type": "text", "text": ""}


def streamed(*events: Json, **asked: Any) -> list[Json]:
    stream = TRANSLATION.stream({**ASKED, **asked})
    return [chunk for event in events for chunk in stream.feed(event)] + stream.finish()


def deltas(*events: Json, **asked: Any) -> list[Json]:
    chunks = streamed(*events, **asked)
    return [chunk["choices"][0]["delta"] for chunk in chunks if chunk["choices"]]


def accumulated(chunks: list[Json]) -> Json:
    """As OpenAI's SDK puts it together."""
    state: ChatCompletionStreamState[Any] = ChatCompletionStreamState()
    for chunk in chunks:
        list(state.handle_chunk(ChatCompletionChunk.construct(**chunk)))
    return state.current_completion_snapshot.to_dict()


def told(completion: Json) -> Json:
    """What was answered, apart from how it was spelled."""
    [choice] = completion["choices"]
    message = choice["message"]
    calls = [(call["id"], _called(call)) for call in message.get("tool_calls") or ()]
    thoughts = [
        {name: value for name, value in block.items() if name != "index"}
        for block in message.get("thinking_blocks") or ()
    ]
    names = ("role", "content", "refusal", "reasoning_content")
    return {
        **{name: message.get(name) for name in names},
        **{name: completion.get(name) for name in ("id", "model", "usage", "service_tier")},
        "finish_reason": choice["finish_reason"],
        "calls": calls,
        "thoughts": thoughts,
    }


def _called(call: Json) -> tuple[str, Any]:
    if call["type"] == "custom":
        return call["custom"]["name"], call["custom"]["input"]
    return call["function"]["name"], json.loads(call["function"]["arguments"])


@st.composite
def answers_with_streams(draw: st.DrawFn) -> tuple[Json, list[Json]]:
    answer = draw(answers())
    return answer, draw(streams(answer))


@settings(max_examples=150, deadline=None)
@given(answers_with_streams())
def test_a_stream_adds_up_to_the_whole_answer(case: tuple[Json, list[Json]]) -> None:
    answer, events = case
    for event in events:
        if event["type"] != "ping":
            EVENT.validate_python(event)
    chunks = streamed(*events, **COUNTED)
    for chunk in chunks:
        ChatCompletionChunk.model_validate(chunk, strict=True)
    assert told(accumulated(chunks)) == told(TRANSLATION.answer(ASKED, answer))


@settings(max_examples=50, deadline=None)
@given(answers_with_streams())
def test_custom_calls_add_up_too(case: tuple[Json, list[Json]]) -> None:
    answer, events = case
    tools = [{"type": "custom", "custom": {"name": name}} for name in ("search", "write")]
    asked = {**COUNTED, "tools": tools}
    whole = TRANSLATION.answer(asked, answer)
    assert told(accumulated(streamed(*events, **asked))) == told(whole)


JSONS: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, -1, 0.5, "x", "", [], [1], [{}], {}, {"a": None}]
)
KINDS = (
    "message_start", "content_block_start", "content_block_delta", "content_block_stop",
    "message_delta", "message_stop", "ping", "something_new",
)  # fmt: skip
FIELDS = ("message", "index", "content_block", "delta", "usage")
INNER = ("type", "id", "name", "input", "text", "thinking", "partial_json", "stop_reason", "usage")
BLOCK_KINDS = st.sampled_from(["text", "thinking", "redacted_thinking", "tool_use", "new"])
ODD_OBJECTS = st.fixed_dictionaries({"type": BLOCK_KINDS | JSONS}).flatmap(
    lambda kind: st.dictionaries(st.sampled_from(INNER), JSONS).map(lambda more: {**more, **kind})
)
ODD_EVENTS = st.builds(
    lambda kind, fields: {"type": kind, **fields},
    st.sampled_from(KINDS) | JSONS,
    st.dictionaries(st.sampled_from(FIELDS), ODD_OBJECTS | JSONS),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(ODD_EVENTS, max_size=8))
def test_odd_events_do_no_harm(events: list[Json]) -> None:
    chunks = streamed(*events, **COUNTED)
    assert all(ChatCompletionChunk.model_validate(chunk) for chunk in chunks)


def start(**usage: Any) -> Json:
    return {"type": "message_start", "message": {"id": "msg_1", "usage": usage}}


def opened(block: Json, index: int = 0) -> Json:
    return {"type": "content_block_start", "index": index, "content_block": block}


def added(index: int = 0, **delta: Any) -> Json:
    return {"type": "content_block_delta", "index": index, "delta": delta}


def closed(index: int = 0) -> Json:
    return {"type": "content_block_stop", "index": index}


def ended(reason: str = "end_turn", usage: Json | None = None, **more: Any) -> Json:
    return {"type": "message_delta", "delta": {"stop_reason": reason, **more}, "usage": usage or {}}


def test_text_is_passed_on_as_it_comes() -> None:
    events = (start(), opened(TEXT), added(text="Bl"), added(text="ue."), closed(), ended())
    assert deltas(*events, {"type": "message_stop"}) == [
        {"role": "assistant", "content": None},
        {"content": "Bl"},
        {"content": "ue."},
        {},
    ]


def test_calls_are_numbered_among_themselves() -> None:
    events = (
        start(),
        opened(TEXT),
        added(text="I look."),
        closed(),
        opened(USE, 1),
        added(1, partial_json=""),
        added(1, partial_json='{"at":'),
        added(1, partial_json='"sea"}'),
        closed(1),
        opened({**USE, "id": "toolu_2"}, 2),
        added(2, partial_json=""),
        closed(2),
        ended("tool_use"),
    )
    begun = {"type": "function", "function": {"name": "look", "arguments": ""}}
    assert deltas(*events)[2:] == [
        {"tool_calls": [{"index": 0, "id": "toolu_1", **begun}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"at":'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '"sea"}'}}]},
        {"tool_calls": [{"index": 1, "id": "toolu_2", **begun}]},
        {"tool_calls": [{"index": 1, "function": {"arguments": "{}"}}]},
        {},
    ]


def test_an_input_that_comes_at_once_is_passed_on() -> None:
    events = (opened({**USE, "input": {"at": "sea"}}), closed())
    assert deltas(*events)[1]["tool_calls"][0]["function"] == {"arguments": '{"at":"sea"}'}


def test_a_custom_call_that_is_cut_off_says_what_there_is() -> None:
    tools = [{"type": "custom", "custom": {"name": "look"}}]
    events = (opened(USE), added(partial_json='{"input": "a'), ended("max_tokens"))
    assert deltas(*events, tools=tools)[1:] == [
        {"tool_calls": [{"index": 0, "custom": {"input": '{"input": "a'}}]},
        {},
    ]


def test_thoughts_are_passed_on_as_text_and_as_blocks() -> None:
    thought = {"type": "thinking", "thinking": "", "signature": ""}
    hidden = {"type": "redacted_thinking", "data": "gAAA"}
    events = (
        opened(thought),
        added(thinking="Hm."),
        added(signature="sig"),
        closed(),
        opened(hidden, 1),
        closed(1),
    )
    assert deltas(*events)[:-1] == [
        {"thinking_blocks": [{"index": 0, "type": "thinking", "thinking": ""}]},
        {"reasoning_content": "Hm.", "thinking_blocks": [{"index": 0, "thinking": "Hm."}]},
        {"thinking_blocks": [{"index": 0, "signature": "sig"}]},
        {"thinking_blocks": [{"index": 1, **hidden}]},
    ]


def test_a_refusal_says_why() -> None:
    details = {"type": "refusal", "category": None, "explanation": "No."}
    chunks = streamed(start(), ended("refusal", stop_details=details))
    [choice] = chunks[-1]["choices"]
    assert (choice["delta"], choice["finish_reason"]) == ({"refusal": "No."}, "content_filter")


def test_usage_is_told_only_if_asked_for() -> None:
    events = (
        start(input_tokens=7, cache_read_input_tokens=3, output_tokens=1),
        opened(TEXT),
        ended(usage={"input_tokens": None, "output_tokens": 5}),
        {"type": "message_stop"},
    )
    assert all("usage" not in chunk for chunk in streamed(*events))
    *others, last = streamed(*events, **COUNTED)
    assert all(chunk["usage"] is None for chunk in others)
    assert last["choices"] == []
    assert last["usage"]["prompt_tokens"] == 10
    assert last["usage"]["completion_tokens"] == 5


def test_usage_that_is_not_told_is_not_made_up() -> None:
    assert all(chunk["choices"] for chunk in streamed(start(), ended(), **COUNTED))


@pytest.mark.parametrize("events", [(), (start(),), (start(), opened(TEXT), added(text="B"))])
def test_a_stream_without_an_ending_is_ended(events: tuple[Json, ...]) -> None:
    assert streamed(*events)[-1]["choices"][0]["finish_reason"] == "stop"


def test_a_stream_ends_once() -> None:
    chunks = streamed(start(), ended("max_tokens"), ended())
    reasons = [chunk["choices"][0]["finish_reason"] for chunk in chunks]
    assert reasons == [None, "length"]


def test_every_chunk_bears_the_same_head() -> None:
    chunks = streamed(start(service_tier="standard"), opened(TEXT), added(text="B"), ended())
    heads = [(chunk["id"], chunk["model"], chunk["service_tier"]) for chunk in chunks]
    assert set(heads) == {("chatcmpl-1", "small", "default")}
    assert len({chunk["created"] for chunk in chunks}) == 1
