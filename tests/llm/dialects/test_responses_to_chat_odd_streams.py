"""What servers do that speak chat completions in their own way."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.llm.dialects.responses_to_chat_cases import Json
from tests.llm.dialects.responses_to_chat_streaming import (
    ASKED,
    accumulated,
    chunk,
    kinds,
    streamed,
)
from tollgate_llm.dialects.responses_to_chat import TRANSLATION


def test_calls_that_are_all_numbered_0_are_told_apart() -> None:
    def call(name: str) -> Json:
        return {"index": 0, "id": f"call_{name}", "function": {"name": name, "arguments": "{}"}}

    output = streamed(chunk({"tool_calls": [call("a")]}), chunk({"tool_calls": [call("b")]}))
    items = output[-1]["response"]["output"]
    assert [(item["call_id"], item["arguments"]) for item in items] == [
        ("call_a", "{}"),
        ("call_b", "{}"),
    ]


def test_calls_of_the_same_id_are_told_apart() -> None:
    calls = [
        {"index": at, "id": "call_1", "function": {"name": "look", "arguments": "{}"}}
        for at in range(2)
    ]
    more = [{**call, "function": {"name": "look", "arguments": " "}} for call in calls]
    events = streamed(chunk({"tool_calls": calls}), chunk({"tool_calls": more}))
    items = accumulated(events)[1].output
    assert [(item.call_id, item.arguments) for item in items] == [
        ("call_1", "{} "),
        ("call_7f_1", "{} "),
    ]


def test_a_name_may_come_late() -> None:
    first = {"index": 0, "id": "call_1", "function": {"arguments": "{"}}
    second = {"index": 0, "function": {"name": "look", "arguments": "}"}}
    events = streamed(chunk({"tool_calls": [first]}), chunk({"tool_calls": [second]}))
    [item] = accumulated(events)[1].output
    assert (item.name, item.arguments) == ("look", "{}")


def test_usage_that_is_told_with_every_chunk_is_told_last() -> None:
    def counted(tokens: int) -> Json:
        usage = {"prompt_tokens": 3, "completion_tokens": tokens, "total_tokens": 3 + tokens}
        return {**chunk({"content": "x"}), "usage": usage}

    assert streamed(counted(1), counted(2))[-1]["response"]["usage"]["total_tokens"] == 5


def test_an_empty_stream_is_an_empty_text() -> None:
    events = streamed()
    assert kinds(events)[-2:] == ["output_item.done", "completed"]
    assert accumulated(events)[1].output_text == ""


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"type": "ping"},
        {"error": {"message": "no"}},
        {"id": "", "choices": [], "prompt_filter_results": []},
        {"choices": None},
        {"choices": ["x"]},
        {"choices": [{}], "usage": "many"},
        {"choices": [{"index": 1, "delta": {"content": "another choice"}}]},
        {"choices": [{"delta": None, "finish_reason": 3}]},
        {"choices": [{"delta": {"content": ["x"], "tool_calls": "x", "refusal": 3}}]},
        {"choices": [{"delta": {"tool_calls": [{"index": "x", "function": None}, None]}}]},
        {"choices": [{"delta": {"content": "x"}, "logprobs": {"content": [{}, None]}}]},
        {"choices": [{"delta": {"annotations": [{}, {"url_citation": 3}]}}]},
        {"id": 3, "created": "now", "service_tier": 9, "choices": [{"delta": {}}]},
        {"usage": {"prompt_tokens": "3", "prompt_tokens_details": [], "total_tokens": None}},
    ],
)
def test_what_is_odd_breaks_nothing(odd: Json) -> None:
    events = streamed(odd, chunk({"content": "Hi"}), odd)
    assert kinds(events)[-1] == "completed"
    assert "Hi" in accumulated(events)[1].output_text


FIELDS = st.sampled_from(
    ["id", "choices", "delta", "index", "content", "refusal", "reasoning", "tool_calls", "function",
     "name", "arguments", "annotations", "url_citation", "logprobs", "top_logprobs", "token",
     "bytes", "usage", "prompt_tokens_details", "finish_reason", "created", "service_tier"]
)  # fmt: skip
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(FIELDS, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.dictionaries(FIELDS, ANYTHING, max_size=4), max_size=3), ANYTHING)
def test_anything_at_all_breaks_nothing(events: list[Json], delta: Json) -> None:
    stream = TRANSLATION.stream(ASKED)
    for event in [*events, {"choices": [{"delta": delta, "logprobs": delta}], "usage": delta}]:
        stream.feed(event)
    assert kinds(stream.finish())[-1] in ("completed", "incomplete")
