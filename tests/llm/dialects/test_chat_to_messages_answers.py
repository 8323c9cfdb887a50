from __future__ import annotations

from typing import Any

import msgspec
import pytest
from anthropic.types import Message
from hypothesis import given, settings
from openai.types.chat import ChatCompletion

from tests.llm.dialects.chat_to_messages_cases import Json, answers
from tollgate_llm.dialects.chat_to_messages import TRANSLATION
from tollgate_llm.dialects.translation import Wanted
from tollgate_llm.metering.anthropic_usage import AnthropicAnswer
from tollgate_llm.metering.openai_usage import OpenAIAnswer

ASKED: Json = {"model": "small", "messages": [{"role": "user", "content": "Hi."}]}
TEXT = {"type": "text", "text": "Blue."}
USE = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"at": "sea"}}
THOUGHT = {"type": "thinking", "thinking": "Hm.", "signature": "sig"}
HIDDEN = {"type": "redacted_thinking", "data": "gAAA"}
USAGE = {"input_tokens": 7, "output_tokens": 5}


def answer(*content: Json, **more: Any) -> Json:
    head = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-opus-5"}
    return {**head, "content": [*content], "stop_reason": "end_turn", "usage": USAGE, **more}


def completion(answered: Json, **asked: Any) -> Json:
    made = TRANSLATION.answer({**ASKED, **asked}, answered)
    ChatCompletion.model_validate(made, strict=True)
    return made


def message_of(*content: Json, **asked: Any) -> Json:
    [choice] = completion(answer(*content), **asked)["choices"]
    message: Json = choice["message"]
    return message


@settings(max_examples=100, deadline=None)
@given(answers())
def test_an_answer_is_a_completion(answered: Json) -> None:
    Message.model_validate(answered)
    made = completion(answered)
    assert (made["id"], made["model"]) == ("chatcmpl-7f", "small")
    counted = {"usage": answered["usage"]}
    theirs = msgspec.convert(counted, AnthropicAnswer).read(has_content=True)
    ours = msgspec.convert({"usage": made["usage"]}, OpenAIAnswer).read()
    assert ours is not None
    assert theirs is not None
    for name in ("input_tokens", "output_tokens", "cached_input_tokens", "reasoning_tokens"):
        assert getattr(ours, name) == getattr(theirs, name)
    usage = made["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


@settings(max_examples=100, deadline=None)
@given(answers())
def test_an_answer_can_be_sent_back(answered: Json) -> None:
    [choice] = completion(answered)["choices"]
    asked = {**ASKED, "messages": [*ASKED["messages"], choice["message"]]}
    [_, *turns] = TRANSLATION.request(asked, Wanted("claude-opus-5", 9)).body["messages"]
    content = [block for turn in turns for block in turn["content"] if isinstance(block, dict)]
    kinds = ("thinking", "redacted_thinking", "tool_use")
    sent = [block for block in content if block["type"] in kinds]
    given = [block for block in answered["content"] if block["type"] in kinds]
    assert sent == sorted(given, key=lambda block: block["type"] == "tool_use")


def test_all_texts_are_one() -> None:
    assert message_of(TEXT, {"type": "text", "text": " Sky."}) == {
        "role": "assistant",
        "content": "Blue. Sky.",
        "refusal": None,
    }


def test_an_answer_of_nothing_is_an_empty_text() -> None:
    assert message_of()["content"] == ""


def test_a_use_is_a_call() -> None:
    function = {"name": "look", "arguments": '{"at":"sea"}'}
    call = {"id": "toolu_1", "type": "function", "function": function}
    message = message_of(USE, {**USE, "id": "toolu_2", "input": {}})
    assert message["content"] is None
    assert message["tool_calls"] == [
        call,
        {"id": "toolu_2", "type": "function", "function": {"name": "look", "arguments": "{}"}},
    ]


@pytest.mark.parametrize(
    ("made", "said"),
    [({"input": "é"}, "é"), ({"input": 1}, '{"input":1}'), ({}, "{}")],
)
def test_a_use_of_a_custom_tool_is_a_custom_call(made: Json, said: str) -> None:
    tools = [{"type": "custom", "custom": {"name": "look"}}]
    [call] = message_of({**USE, "input": made}, tools=tools)["tool_calls"]
    custom = {"name": "look", "input": said}
    assert call == {"id": "toolu_1", "type": "custom", "custom": custom}


def test_thoughts_are_told_and_kept() -> None:
    message = message_of(THOUGHT, HIDDEN, TEXT, {**THOUGHT, "thinking": " So."})
    assert message["reasoning_content"] == "Hm. So."
    assert message["thinking_blocks"] == [THOUGHT, HIDDEN, {**THOUGHT, "thinking": " So."}]
    assert message["content"] == "Blue."


def test_what_the_provider_ran_itself_is_left_out() -> None:
    used = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}
    assert message_of(used, TEXT)["content"] == "Blue."


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("pause_turn", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"),
        ("refusal", "content_filter"),
        ("something_new", "stop"),
        (None, "stop"),
    ],
)
def test_every_ending_has_a_reason(reason: str | None, expected: str) -> None:
    [choice] = completion(answer(TEXT, stop_reason=reason))["choices"]
    assert choice["finish_reason"] == expected


def test_a_refusal_says_why() -> None:
    details = {"type": "refusal", "category": "bio", "explanation": "No."}
    [choice] = completion(answer(stop_reason="refusal", stop_details=details))["choices"]
    assert choice["message"] == {"role": "assistant", "content": None, "refusal": "No."}


def test_usage_counts_the_cache_among_the_input() -> None:
    usage = {
        "input_tokens": 1,
        "cache_read_input_tokens": 20,
        "cache_creation_input_tokens": 300,
        "output_tokens": 50,
        "output_tokens_details": {"thinking_tokens": 40},
    }
    assert completion(answer(TEXT, usage=usage))["usage"] == {
        "prompt_tokens": 321,
        "completion_tokens": 50,
        "total_tokens": 371,
        "prompt_tokens_details": {"cached_tokens": 20, "cache_write_tokens": 300},
        "completion_tokens_details": {"reasoning_tokens": 40},
    }


def test_usage_that_is_not_told_is_not_made_up() -> None:
    answered = answer(TEXT)
    del answered["usage"]
    assert "usage" not in completion(answered)


@pytest.mark.parametrize(
    ("tier", "expected"), [("standard", "default"), ("priority", "priority"), ("batch", None)]
)
def test_the_tier_is_told(tier: str, expected: str | None) -> None:
    made = completion(answer(TEXT, usage={**USAGE, "service_tier": tier}))
    assert made.get("service_tier") == expected
