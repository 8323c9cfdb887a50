from __future__ import annotations

from typing import Any

import pytest
from anthropic.types import Message
from hypothesis import given, settings
from openai.types.responses import Response

from tests.llm.dialects.messages_to_responses_cases import (
    Json,
    call,
    message,
    reasoning,
    response,
    responses,
)
from tollgate_llm.dialects.messages_to_responses import TRANSLATION
from tollgate_llm.dialects.tool_names import shortened

ASKED: Json = {"model": "small", "max_tokens": 100, "messages": []}


def message_of(answer: Json, **asked: Any) -> Json:
    made = TRANSLATION.answer({**ASKED, **asked}, answer)
    Message.model_validate(made)
    return made


@settings(max_examples=150, deadline=None)
@given(responses())
def test_an_answer_is_a_message_with_all_that_was_said(answer: Json) -> None:
    Response.model_validate(answer)
    made, output = message_of(answer), answer["output"]
    parts = [part for item in output for part in item.get("content", ())]
    texts = [block["text"] for block in made["content"] if block["type"] == "text"]
    assert "".join(texts) == "".join(part.get("text") or part["refusal"] for part in parts)
    calls = [item for item in output if item["type"] == "function_call"]
    uses = [block for block in made["content"] if block["type"] == "tool_use"]
    assert [use["id"] for use in uses] == [each["call_id"] for each in calls]
    thoughts = [block["thinking"] for block in made["content"] if block["type"] == "thinking"]
    summaries = [part["text"] for item in output for part in item.get("summary", ())]
    assert "".join(thoughts).replace("\n\n", "") == "".join(summaries).replace("\n\n", "")
    assert made["model"] == "small"
    assert made["id"] == f"msg_{answer['id'].removeprefix('resp_')}"
    assert made["stop_reason"]


@settings(max_examples=100, deadline=None)
@given(responses())
def test_usage_adds_up(answer: Json) -> None:
    used, told = message_of(answer)["usage"], answer["usage"]
    names = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    assert sum(used[name] for name in names) == told["input_tokens"]
    assert used["cache_read_input_tokens"] == told["input_tokens_details"]["cached_tokens"]
    assert used["output_tokens"] == told["output_tokens"]
    thought = told["output_tokens_details"]["reasoning_tokens"]
    assert used["output_tokens_details"] == {"thinking_tokens": thought}


REFUSED: Json = {
    **message(""),
    "content": [{"type": "refusal", "refusal": "I will not."}],
}
CUT: Json = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
ENDINGS: list[tuple[Json, str]] = [
    (response(message("a")), "end_turn"),
    (response(message("a"), call()), "tool_use"),
    (response(message("a"), **CUT), "max_tokens"),
    (response(call('{"q": "cut'), **CUT), "max_tokens"),
    (response(message("a"), status="incomplete", incomplete_details=None), "max_tokens"),
    (
        response(message("a"), status="incomplete", incomplete_details={"reason": "odd"}),
        "max_tokens",
    ),
    (response(status="incomplete", incomplete_details={"reason": "content_filter"}), "refusal"),
    (response(REFUSED), "refusal"),
    (response(), "end_turn"),
]


@pytest.mark.parametrize(("answer", "reason"), ENDINGS)
def test_each_ending_has_its_name(answer: Json, reason: str) -> None:
    assert message_of(answer)["stop_reason"] == reason


def test_a_refusal_is_said_and_explained() -> None:
    made = message_of(response(REFUSED))
    assert made["content"] == [{"type": "text", "text": "I will not."}]
    assert made["stop_details"]["explanation"] == "I will not."


@pytest.mark.parametrize(
    ("item", "block"),
    [
        (
            reasoning("gA==", "Hm.", "So."),
            {"thinking": "Hm.\n\nSo.", "signature": "responses:rs_1:gA=="},
        ),
        (reasoning("gA=="), {"thinking": "", "signature": "responses:rs_1:gA=="}),
        (reasoning(None, "Hm."), {"thinking": "Hm.", "signature": "responses:rs_1:"}),
        (
            {**reasoning("gA=="), "id": "a:b/c"},
            {"thinking": "", "signature": "responses:a%3Ab%2Fc:gA=="},
        ),
        (
            {**reasoning(None), "content": [{"type": "reasoning_text", "text": "Raw."}]},
            {"thinking": "Raw.", "signature": "responses:rs_1:"},
        ),
    ],
)
def test_reasoning_is_a_thought_that_is_signed_with_what_came_encrypted(
    item: Json, block: Json
) -> None:
    content = message_of(response(item, message("a")))["content"]
    assert content[0] == {"type": "thinking", **block}


def test_reasoning_of_nothing_is_no_block() -> None:
    content = message_of(response(reasoning(None), message("a")))["content"]
    assert [block["type"] for block in content] == ["text"]


def test_thoughts_are_hidden_where_the_caller_wants_none_displayed() -> None:
    thinking = {"type": "adaptive", "display": "omitted"}
    (block,) = message_of(response(reasoning("gA==", "Hm.")), thinking=thinking)["content"]
    assert (block["thinking"], block["signature"]) == ("", "responses:rs_1:gA==")


def test_a_tool_has_the_callers_name_again() -> None:
    long = "look_" * 20
    answer = response(call(name=shortened(long)))
    made = message_of(answer, tools=[{"name": long, "input_schema": {"type": "object"}}])
    assert made["content"][0]["name"] == long


def test_input_that_was_cut_off_is_what_there_is() -> None:
    (block,) = message_of(response(call('{"a": 1, "b": "cut sho'), **CUT))["content"]
    assert block["input"] == {"a": 1}


def test_a_search_of_the_web_is_the_use_of_a_server_tool() -> None:
    action = {"type": "search", "query": "cats", "sources": [{"type": "url", "url": "https://a.b"}]}
    search = {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": action}
    use, result, text = message_of(response(search, message("a")))["content"]
    assert (use["type"], use["name"], use["input"]) == (
        "server_tool_use",
        "web_search",
        {"query": "cats"},
    )
    assert result["tool_use_id"] == use["id"]
    assert [each["url"] for each in result["content"]] == ["https://a.b"]
    assert text["type"] == "text"


@pytest.mark.parametrize(
    ("tier", "speed", "expected"),
    [
        ("default", None, {"service_tier": "standard"}),
        ("priority", "fast", {"service_tier": "priority", "speed": "fast"}),
        ("flex", None, {}),
    ],
)
def test_the_tier_is_told_where_there_is_such_a_one(tier: Any, speed: Any, expected: Json) -> None:
    used = message_of(response(message("a"), service_tier=tier), speed=speed)["usage"]
    assert {name: used[name] for name in ("service_tier", "speed") if name in used} == expected


@pytest.mark.parametrize(
    "answer",
    [
        {"output": [None, 3, {"type": "message", "content": [None, {"text": 3}]}]},
        {"output": [{"type": 7}, {"type": "image_generation_call"}]},
        response(message("a"), usage={"input_tokens": 5, "input_tokens_details": None}),
        response(usage={"input_tokens": 5, "input_tokens_details": {"cached_tokens": 9}}),
        response({"type": "reasoning", "summary": [None], "id": 3}),
        response({"type": "web_search_call", "action": {"sources": [None]}}),
    ],
)
def test_odd_answers_are_messages_all_the_same(answer: Json) -> None:
    assert message_of(answer)["usage"]["input_tokens"] >= 0


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"output": None},
        {"output": {}, "status": "completed"},
        response(status="in_progress"),
        response(status="queued"),
        response(status="cancelled"),
        response(status="failed"),
        response({"type": "function_call", "call_id": "call_1", "arguments": "{}"}),
    ],
)
def test_what_is_no_response_or_not_whole_is_an_error(answer: Json) -> None:
    with pytest.raises(ValueError, match=r"response|name"):
        message_of(answer)
