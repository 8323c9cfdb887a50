from __future__ import annotations

import json
from copy import deepcopy
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings

from tests.llm.dialects.chat_to_messages_asking import (
    CALL,
    HIDDEN,
    THOUGHT,
    USE,
    USER,
    WANTED,
    assistant,
    body_of,
    result,
    text,
    user,
)  # fmt: skip
from tests.llm.dialects.chat_to_messages_cases import Json, conversations
from tollgate_llm.dialects.chat_to_messages import TRANSLATION
from tollgate_llm.dialects.errors import UnsupportedParameter
from tollgate_llm.sandbox.anthropic_api.messages import STABLE
from tollgate_llm.sandbox.anthropic_api.pairing import check_messages
from tollgate_llm.sandbox.openai_api.chat import PARAMS


def texts(values: Any) -> list[str]:
    """Every text that says something, in order."""
    if isinstance(values, str):
        return [values] if values.strip() else []
    if isinstance(values, list):
        return [said for value in values for said in texts(value)]
    if not isinstance(values, dict):
        return []
    return texts(values.get("text")) + texts(values.get("content"))


def of_type(values: Any, *kinds: str) -> list[Json]:
    """Every object of a type, in order."""
    if isinstance(values, list):
        return [each for value in values for each in of_type(value, *kinds)]
    if not isinstance(values, dict):
        return []
    if values.get("type") in kinds:
        return [values]
    return [each for value in values.values() for each in of_type(value, *kinds)]


def said_by(messages: list[Json], *roles: str) -> list[Json]:
    return [message for message in messages if message["role"] in roles]


def test_a_conversation_of_nothing_but_space_is_refused() -> None:
    with pytest.raises(UnsupportedParameter) as refused:
        TRANSLATION.request(
            {"model": "small", "messages": [{"role": "user", "content": "\r"}]}, WANTED
        )
    assert refused.value.param == "messages"


@settings(max_examples=150, deadline=None)
@given(conversations())
def test_everything_said_arrives_in_order(asked: Json) -> None:
    PARAMS.check(asked)
    before = deepcopy(asked)
    translated = TRANSLATION.request(asked, WANTED)
    body = translated.body
    STABLE.check(body)
    check_messages(body["messages"])
    assert asked == before
    given, made = asked["messages"], body["messages"]
    spoken = texts(said_by(given, "user", "assistant", "tool"))
    instructions = texts(said_by(given, "system", "developer"))
    assert texts(body.get("system", [])) + texts(made) == instructions + spoken
    assert len(of_type(made, "image")) == len(of_type(given, "image_url"))
    assert len(of_type(made, "document")) == len(of_type(given, "file"))
    assert of_type(made, "thinking", "redacted_thinking") == of_type(
        given, "thinking", "redacted_thinking"
    )
    calls = [
        (call["id"], call["function"]["name"], json.loads(call["function"]["arguments"]))
        for call in of_type(given, "function")
    ]
    assert calls == [
        (use["id"], use["name"], use["input"]) for use in of_type(made, "tool_use")
    ]  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(conversations())
def test_turns_alternate_and_say_something(asked: Json) -> None:
    turns = TRANSLATION.request(asked, WANTED).body["messages"]
    roles = [turn["role"] for turn in turns]
    assert all(one != other for one, other in pairwise(roles))
    assert all(turn["content"] for turn in turns)


def test_system_and_developer_messages_are_one_system_prompt() -> None:
    system = {"role": "system", "content": "Short."}
    developer = {"role": "developer", "content": [text("Be kind.")]}
    assert body_of(system, USER)["system"] == "Short."
    body = body_of(system, USER, developer)
    assert body["system"] == [text("Short."), text("Be kind.")]
    assert body["messages"] == [USER]


def test_instructions_alone_are_what_the_user_asks() -> None:
    body = body_of({"role": "system", "content": "Tell a joke."})
    assert body["messages"] == [{"role": "user", "content": "Tell a joke."}]
    assert "system" not in body


def test_messages_of_one_role_are_one_turn() -> None:
    body = body_of(USER, {"role": "user", "content": "You?"}, assistant(content="Me."))
    assert body["messages"] == [
        {"role": "user", "content": [text("Hi."), text("You?")]},
        {"role": "assistant", "content": "Me."},
    ]


def test_results_are_in_the_turn_after_the_calls_before_what_the_user_says() -> None:
    second = {**CALL, "id": "call_2"}
    turn = assistant(content="I look.", tool_calls=[CALL, second])
    body = body_of(USER, turn, result("blue"), result([text("green")], "call_2"), USER)
    assert body["messages"][1:] == [
        {"role": "assistant", "content": [text("I look."), USE, {**USE, "id": "call_2"}]},
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "call_1", "content": "blue"},
                {"type": "tool_result", "tool_use_id": "call_2", "content": "green"},
                text("Hi."),
            ],
        },
    ]


def test_a_call_that_names_no_arguments_has_none() -> None:
    call = {**CALL, "function": {"name": "look", "arguments": ""}}
    body = body_of(USER, assistant(tool_calls=[call]), result(""))
    assert body["messages"][1]["content"] == [{**USE, "input": {}}]
    assert body["messages"][2]["content"] == [{"type": "tool_result", "tool_use_id": "call_1"}]


def test_ids_that_are_refused_there_are_others_and_still_pair() -> None:
    call = {**CALL, "id": "functions.look:0"}
    body = body_of(USER, assistant(tool_calls=[call]), result("blue", "functions.look:0"))
    [use], [answer] = (turn["content"] for turn in body["messages"][1:])
    assert use["id"] == answer["tool_use_id"]
    assert use["id"].replace("_", "").isalnum()


def test_a_custom_call_is_a_call_with_one_string() -> None:
    call = {"id": "call_1", "type": "custom", "custom": {"name": "run", "input": "é"}}
    body = body_of(USER, assistant(tool_calls=[call]), result("ok"))
    assert body["messages"][1]["content"] == [{**USE, "name": "run", "input": {"input": "é"}}]


def test_tools_called_before_are_remembered_but_not_offered() -> None:
    body = body_of(USER, assistant(tool_calls=[CALL]), result("blue"))
    schema = {"type": "object", "properties": {}}
    assert body["tools"] == [{"name": "look", "input_schema": schema}]
    assert body["tool_choice"] == {"type": "none"}


def test_thoughts_come_first_and_unchanged() -> None:
    numbered = [{**THOUGHT, "index": 0}, {**HIDDEN, "index": 1}]
    turn = assistant(
        content="So.", tool_calls=[CALL], thinking_blocks=numbered, reasoning_content="Hm."
    )
    body = body_of(USER, turn, result("blue"))
    assert body["messages"][1]["content"] == [THOUGHT, HIDDEN, text("So."), USE]


def test_a_refusal_goes_back_as_text() -> None:
    parts = [{"type": "refusal", "refusal": "No."}]
    assert body_of(USER, assistant(content=parts))["messages"][1]["content"] == "No."
    assert body_of(USER, assistant(content=None, refusal="No."))["messages"][1]["content"] == "No."


def test_an_answer_is_taken_back_as_sdks_hold_it() -> None:
    turn = assistant(
        content="Yes.", refusal=None, annotations=[], audio=None, function_call=None, parsed={}
    )
    assert body_of(USER, turn)["messages"][1] == {"role": "assistant", "content": "Yes."}


def test_what_says_nothing_is_left_out() -> None:
    body = body_of(user(text(""), text("Hi.")), assistant(content=""), user(text(" \n"), text("?")))
    assert body["messages"] == [{"role": "user", "content": [text("Hi."), text("?")]}]
