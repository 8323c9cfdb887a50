from __future__ import annotations

from typing import Any

import pytest
from anthropic.types import Message
from hypothesis import given, settings
from openai.types.chat import ChatCompletion

from tests.llm.dialects.messages_to_chat_cases import Json, answers
from tollgate_llm.dialects.messages_to_chat import TRANSLATION
from tollgate_llm.dialects.translation import Wanted

WANTED = Wanted("big", 1000)
ASKED: Json = {"model": "small", "max_tokens": 10, "messages": [], "stop_sequences": ["END"]}


def answered(message: Json | None = None, *, reason: Any = "stop", **more: Any) -> Json:
    said = {"role": "assistant", "content": None, **(message or {})}
    choice = {"index": 0, "message": said, "finish_reason": reason, **more.pop("choice", {})}
    return {"id": "chatcmpl-1", "created": 1, "model": "big", "choices": [choice], **more}


def message_of(answer: Json, **asked: Any) -> Json:
    message = TRANSLATION.answer({**ASKED, **asked}, answer)
    Message.model_validate(message)
    return message


@settings(max_examples=150, deadline=None)
@given(answers())
def test_an_answer_is_a_message_with_all_that_was_said(answer: Json) -> None:
    ChatCompletion.model_validate(answer)
    message = message_of(answer)
    said = answer["choices"][0]["message"]
    kinds = [block["type"] for block in message["content"]]
    assert kinds == sorted(kinds, key=["thinking", "text", "tool_use"].index)
    texts = [block["text"] for block in message["content"] if block["type"] == "text"]
    assert "".join(texts) == (said["content"] or "") + (said["refusal"] or "")
    thoughts = [block["thinking"] for block in message["content"] if block["type"] == "thinking"]
    assert "".join(thoughts) == said.get("reasoning_content", "") + said.get("reasoning", "")
    assert kinds.count("tool_use") == len(said.get("tool_calls") or ())
    assert message["model"] == "small"
    assert message["stop_reason"]


@settings(max_examples=100, deadline=None)
@given(answers())
def test_usage_adds_up(answer: Json) -> None:
    got, used = message_of(answer)["usage"], answer["usage"]
    names = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    assert sum(got[name] for name in names) == used["prompt_tokens"]
    assert got["cache_read_input_tokens"] == used["prompt_tokens_details"]["cached_tokens"]
    written = used["prompt_tokens_details"]["cache_write_tokens"]
    assert got["cache_creation_input_tokens"] == written
    assert got["output_tokens"] == used["completion_tokens"]
    thought = used["completion_tokens_details"]["reasoning_tokens"]
    assert got["output_tokens_details"] == {"thinking_tokens": thought}


CALL: Json = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
ENDINGS: list[tuple[Json, Any, str]] = [
    ({"content": "a"}, "stop", "end_turn"),
    ({"content": "a"}, None, "end_turn"),
    ({"content": "a"}, "insufficient_system_resource", "end_turn"),
    ({"content": "a"}, "length", "max_tokens"),
    ({"tool_calls": [CALL]}, "tool_calls", "tool_use"),
    ({"tool_calls": [CALL]}, "stop", "tool_use"),
    ({"tool_calls": [CALL]}, None, "tool_use"),
    ({"tool_calls": [CALL]}, "length", "max_tokens"),
    ({"content": "a"}, "content_filter", "refusal"),
    ({"refusal": "no"}, "stop", "refusal"),
]


@pytest.mark.parametrize(("said", "reason", "expected"), ENDINGS)
def test_each_ending_has_its_name(said: Json, reason: Any, expected: str) -> None:
    assert message_of(answered(said, reason=reason))["stop_reason"] == expected


def test_a_stop_sequence_that_the_provider_tells_is_told() -> None:
    message = message_of(answered({"content": "a"}, choice={"stop_reason": "END"}))
    assert (message["stop_reason"], message["stop_sequence"]) == ("stop_sequence", "END")


@pytest.mark.parametrize("matched", ["OTHER", 128009, None])
def test_what_else_stopped_the_model_is_no_stop_sequence(matched: Any) -> None:
    message = message_of(answered({"content": "a"}, choice={"stop_reason": matched}))
    assert (message["stop_reason"], message["stop_sequence"]) == ("end_turn", None)


def test_a_refusal_is_said_and_explained() -> None:
    message = message_of(answered({"refusal": "I will not."}))
    assert message["content"] == [{"type": "text", "text": "I will not."}]
    assert message["stop_details"] == {
        "type": "refusal", "category": None, "explanation": "I will not.",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ('{"a": [1, {"b": null}]}', {"a": [1, {"b": None}]}),
        ("", {}),
        ('{"a": 1, "b": "cut sho', {"a": 1}),
        ("[1]", {}),
        ("null", {}),
        ('{"a": 1} and more', {"a": 1}),
        ("nonsense", {}),
    ],
)
def test_input_is_always_an_object(arguments: str, expected: Json) -> None:
    call = {**CALL, "function": {"name": "f", "arguments": arguments}}
    (block,) = message_of(answered({"tool_calls": [call]}))["content"]
    assert block == {"type": "tool_use", "id": "c1", "name": "f", "input": expected}


def test_calls_without_ids_get_some_of_their_own_always_the_same() -> None:
    calls = [{**CALL, "id": ""}, {"function": CALL["function"]}]
    first, second = message_of(answered({"tool_calls": calls}))["content"]
    assert first["id"] != second["id"]
    assert [first, second] == message_of(answered({"tool_calls": calls}))["content"]


def test_hidden_thinking_goes_back_unseen() -> None:
    hiding: Json = {"thinking": {"type": "adaptive", "display": "omitted"}}
    said = message_of(answered({"content": "a", "reasoning": "hm é"}), **hiding)["content"]
    assert said[0]["thinking"] == ""
    turns = [{"role": "assistant", "content": said}, {"role": "user", "content": "b"}]
    asked = {**ASKED, **hiding, "messages": turns}
    made = TRANSLATION.request(asked, WANTED).body["messages"][0]
    assert made == {"role": "assistant", "content": "a", "reasoning": "hm é"}


def test_reasoning_that_is_told_by_two_names_is_told_once() -> None:
    said = {"content": "a", "reasoning": "hm", "reasoning_content": "hm"}
    assert [block["type"] for block in message_of(answered(said))["content"]] == [
        "thinking", "text",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("tier", "speed", "expected"),
    [
        ("default", "standard", {"service_tier": "standard"}),
        ("priority", None, {"service_tier": "priority"}),
        ("flex", None, {}),
        (None, None, {}),
        ("priority", "fast", {"service_tier": "priority", "speed": "fast"}),
        ("default", "fast", {"service_tier": "standard", "speed": "standard"}),
    ],
)
def test_the_tier_is_told_where_there_is_such_a_one(tier: Any, speed: Any, expected: Json) -> None:
    used = message_of(answered({"content": "a"}, service_tier=tier), speed=speed)["usage"]
    assert {name: used[name] for name in ("service_tier", "speed") if name in used} == expected


@pytest.mark.parametrize(
    "answer",
    [
        {"choices": [{"message": {}}], "usage": {"prompt_tokens": -1}},
        {"choices": [{"message": {"content": [], "tool_calls": [None, {"function": "f"}]}}]},
        answered({"content": "a"}, usage={"prompt_tokens": 5, "prompt_tokens_details": None}),
        answered(usage={"prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": 9}}),
    ],
)
def test_odd_answers_are_messages_all_the_same(answer: Json) -> None:
    used = message_of(answer)["usage"]
    assert used["input_tokens"] >= 0
    assert used["output_tokens"] == 0


@pytest.mark.parametrize(
    "answer", [{}, {"choices": []}, {"choices": None}, {"choices": [{"message": None}]}]
)
def test_an_answer_without_a_choice_is_no_completion(answer: Json) -> None:
    with pytest.raises(ValueError, match="no completion"):
        message_of(answer)
