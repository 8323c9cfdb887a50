from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings

from tests.llm.dialects.responses_to_chat_cases import PDF, PNG, Json, conversations
from tollgate_llm.dialects.errors import UnsupportedParameter
from tollgate_llm.dialects.responses_to_chat import TRANSLATION
from tollgate_llm.dialects.translation import Wanted
from tollgate_llm.sandbox.openai_api import chat, responses
from tollgate_llm.sandbox.openai_api.pairing import check_chat

WANTED = Wanted("qwen3", 4096)
CALL = {"type": "function_call", "call_id": "call_1", "name": "look", "arguments": '{"at":"sea"}'}
CHAT_CALL = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "look", "arguments": '{"at":"sea"}'},
}


def messages_of(*items: Json, **asked: Any) -> list[Json]:
    body = TRANSLATION.request({"model": "small", "input": [*items], **asked}, WANTED).body
    chat.PARAMS.check(body)
    messages: list[Json] = body["messages"]
    return messages


def user(*parts: Json) -> Json:
    return {"role": "user", "content": [*parts]}


def result(output: Any, call_id: str = "call_1") -> Json:
    return {"type": "function_call_output", "call_id": call_id, "output": output}


def texts(values: Any) -> list[str]:
    """Every text of messages or items but reasoning and what we say ourselves, in order."""
    if isinstance(values, list):
        return [text for value in values for text in texts(value)]
    if values.get("type") == "reasoning":
        return []
    found: list[str] = []
    for name in ("text", "content", "output"):
        value = values.get(name)
        found += texts(value) if isinstance(value, list) else [value] if value else []
    return [text for text in found if not text.startswith("From the tool call")]


def of_type(values: Any, *kinds: str) -> list[Json]:
    """Every object of a type, in order."""
    if isinstance(values, list):
        return [each for value in values for each in of_type(value, *kinds)]
    if not isinstance(values, dict):
        return []
    inner = [each for value in values.values() for each in of_type(value, *kinds)]
    return [values, *inner] if values.get("type") in kinds else inner


@settings(max_examples=150, deadline=None)
@given(conversations())
def test_everything_said_arrives_in_order(asked: Json) -> None:
    responses.PARAMS.check(asked)
    before = deepcopy(asked)
    body = TRANSLATION.request(asked, WANTED).body
    chat.PARAMS.check(body)
    messages = body["messages"]
    check_chat(messages)
    assert asked == before
    instructions = [asked["instructions"]] if "instructions" in asked else []
    assert texts(messages) == instructions + texts(asked["input"])
    images = [part["image_url"]["url"] for part in of_type(messages, "image_url")]
    assert images == [part["image_url"] for part in of_type(asked["input"], "input_image")]
    assert len(of_type(messages, "file")) == len(of_type(asked["input"], "input_file"))
    calls = [
        {"type": "function_call", "call_id": call["id"], **call["function"]}
        for call in of_type(messages, "function")
    ]
    assert calls == of_type(asked["input"], "function_call")


def test_a_string_is_what_the_user_says() -> None:
    body = TRANSLATION.request({"model": "small", "input": "Hi."}, WANTED).body
    assert body == {"model": "qwen3", "messages": [{"role": "user", "content": "Hi."}]}


def test_instructions_and_first_developer_messages_are_one_system_message() -> None:
    developer = {"role": "developer", "content": "Be kind."}
    said = messages_of(developer, user({"type": "input_text", "text": "Hi"}), instructions="Short.")
    assert said == [
        {
            "role": "system",
            "content": [{"type": "text", "text": "Short."}, {"type": "text", "text": "Be kind."}],
        },
        {"role": "user", "content": "Hi"},
    ]


def test_one_turn_of_the_assistant_is_one_message() -> None:
    second = {**CALL, "call_id": "call_2"}
    thought: Json = {"type": "reasoning", "id": "rs_1", "summary": []}
    thought["summary"] = [{"type": "summary_text", "text": "Hm."}]
    spoken = {"role": "assistant", "content": "I look."}
    assert messages_of(
        thought, spoken, CALL, second, result("blue"), result("green", "call_2")
    ) == [
        {
            "role": "assistant",
            "content": "I look.",
            "tool_calls": [CHAT_CALL, {**CHAT_CALL, "id": "call_2"}],
            "reasoning_content": "Hm.",
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "blue"},
        {"role": "tool", "tool_call_id": "call_2", "content": "green"},
    ]


def test_a_result_follows_its_call_wherever_it_was() -> None:
    asked = messages_of(CALL, {"role": "user", "content": "And?"}, result("blue"))
    assert [message["role"] for message in asked] == ["assistant", "tool", "user"]


def test_a_call_after_a_result_is_a_new_turn() -> None:
    second = {**CALL, "call_id": "call_2"}
    asked = messages_of(CALL, result("blue"), second, result("red", "call_2"))
    assert [message["role"] for message in asked] == ["assistant", "tool", "assistant", "tool"]


def test_what_a_tool_shows_is_shown_by_the_user_after_all_results() -> None:
    second = {**CALL, "call_id": "call_2"}
    image = {"type": "input_image", "image_url": PNG}
    shown = result([{"type": "input_text", "text": "See."}, image])
    assert messages_of(CALL, second, shown, result("red", "call_2"))[1:] == [
        {"role": "tool", "tool_call_id": "call_1", "content": "See."},
        {"role": "tool", "tool_call_id": "call_2", "content": "red"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "From the tool call call_1:"},
                {"type": "image_url", "image_url": {"url": PNG}},
            ],
        },
    ]


def test_a_custom_call_is_a_call_with_one_string() -> None:
    call = {"type": "custom_tool_call", "call_id": "call_1", "name": "run", "input": 'say "é"'}
    output = {"type": "custom_tool_call_output", "call_id": "call_1", "output": "é"}
    assert messages_of(call, output) == [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "call_1",
                    "type": "function",
                    "function": {"name": "run", "arguments": '{"input": "say \\"é\\""}'},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "é"},
    ]


def test_reasoning_that_led_to_nothing_is_left_out() -> None:
    thought: Json = {"type": "reasoning", "id": "rs_1", "summary": []}
    thought["content"] = [{"type": "reasoning_text", "text": "Hm."}]
    assert messages_of(thought, {"role": "user", "content": "Go on."}) == [
        {"role": "user", "content": "Go on."}
    ]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({"type": "input_text", "text": "Hi"}, {"type": "text", "text": "Hi"}),
        (
            {"type": "input_text", "text": "Hi", "prompt_cache_breakpoint": {"mode": "explicit"}},
            {"type": "text", "text": "Hi", "prompt_cache_breakpoint": {"mode": "explicit"}},
        ),
        (
            {"type": "input_image", "detail": "auto", "image_url": "https://example.org/a.png"},
            {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
        ),
        (
            {"type": "input_image", "detail": "low", "image_url": PNG},
            {"type": "image_url", "image_url": {"url": PNG, "detail": "low"}},
        ),
        (
            {"type": "input_file", "filename": "a.pdf", "file_data": PDF},
            {"type": "file", "file": {"filename": "a.pdf", "file_data": PDF}},
        ),
    ],
)
def test_a_part_is_a_part(part: Json, expected: Json) -> None:
    other = {"type": "input_text", "text": "!"}
    [message] = messages_of(user(part, other))
    assert message["content"] == [expected, {"type": "text", "text": "!"}]


def test_a_refusal_goes_back_as_text() -> None:
    said: Json = {"type": "message", "id": "m", "role": "assistant", "status": "completed"}
    said["content"] = [{"type": "refusal", "refusal": "No."}]
    assert messages_of(said) == [{"role": "assistant", "content": "No."}]


REFUSED: list[tuple[str, Json]] = [
    ("input.0", {"type": "item_reference", "id": "rs_1"}),
    ("input.0", {"id": "rs_1"}),
    ("input.0", {"type": "compaction_trigger"}),
    ("input.0", {"type": "local_shell_call_output", "id": "x", "output": "{}"}),
    ("input.0.call_id", result("blue", "call_9")),
    ("input.0.call_id", {"type": "function_call_output", "output": "x"}),
    ("input.0.caller", {**CALL, "caller": {"type": "program", "caller_id": "p"}}),
    (
        "input.0.content.0.file_id",
        user({"type": "input_image", "detail": "auto", "file_id": "file-1"}),
    ),
    ("input.0.content.0.file_id", user({"type": "input_file", "file_id": "file-1"})),
    ("input.0.content.0.file_url", user({"type": "input_file", "file_url": "https://a.org/b"})),
    (
        "input.0.content.0.detail",
        user({"type": "input_file", "file_data": PDF, "filename": "a.pdf", "detail": "high"}),
    ),
    ("input.0.content.0", user({"type": "input_audio", "input_audio": {}})),
    (
        "input.0.content.0",
        {"role": "system", "content": [{"type": "input_image", "image_url": PNG}]},
    ),
    ("input.0.content.0.color", user({"type": "input_text", "text": "x", "color": "red"})),
    ("input.0.mood", {"role": "user", "content": "x", "mood": "good"}),
]


@pytest.mark.parametrize(("param", "item"), REFUSED)
def test_what_chat_cannot_hold_is_refused_by_name(param: str, item: Json) -> None:
    asked = {"model": "small", "input": [item, {"role": "user", "content": "Go on."}]}
    with pytest.raises(UnsupportedParameter, match=f"`{param}`"):
        TRANSLATION.request(asked, WANTED)
    translated = TRANSLATION.request(asked, WANTED._replace(drop=True))
    chat.PARAMS.check(translated.body)
    assert translated.dropped == (param,)


@pytest.mark.parametrize(
    "item",
    [
        {"role": "assistant", "content": "x", "phase": "final_answer", "type": "message"},
        {"role": "user", "content": [{"type": "input_text", "text": "x"}], "status": "completed"},
        {"role": "user", "content": "x", "phase": None},
    ],
)
def test_what_says_nothing_is_no_error(item: Json) -> None:
    assert messages_of(item) == [{"role": item["role"], "content": "x"}]
