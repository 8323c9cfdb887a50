from __future__ import annotations

import json
from base64 import b64encode
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings

from tests.llm.dialects.chat_to_messages_cases import PDF, PNG, Json, conversations
from tollgate_llm.dialects.chat_to_messages import TRANSLATION
from tollgate_llm.dialects.errors import UnsupportedParameter
from tollgate_llm.dialects.translation import Wanted
from tollgate_llm.sandbox.anthropic_api.messages import STABLE
from tollgate_llm.sandbox.anthropic_api.pairing import check_messages
from tollgate_llm.sandbox.openai_api.chat import PARAMS

WANTED = Wanted("claude-sonnet-4-5", 4096)
USER = {"role": "user", "content": "Hi."}
FUNCTION = {"name": "look", "arguments": '{"at": "sea"}'}
CALL = {"id": "call_1", "type": "function", "function": FUNCTION}
USE = {"type": "tool_use", "id": "call_1", "name": "look", "input": {"at": "sea"}}
THOUGHT = {"type": "thinking", "thinking": "Hm.", "signature": "sig"}
HIDDEN = {"type": "redacted_thinking", "data": "gAAA"}
EXPLICIT = {"mode": "explicit"}


def body_of(*messages: Json, **asked: Any) -> Json:
    request = {"model": "small", "messages": [*messages], **asked}
    PARAMS.check(request)
    translated = TRANSLATION.request(request, WANTED)
    STABLE.check(translated.body)
    assert translated.dropped == ()
    return translated.body


def user(*parts: Json) -> Json:
    return {"role": "user", "content": [*parts]}


def assistant(**fields: Any) -> Json:
    return {"role": "assistant", **fields}


def result(content: Any, call_id: str = "call_1") -> Json:
    return {"role": "tool", "tool_call_id": call_id, "content": content}


def text(said: str, **more: Any) -> Json:
    return {"type": "text", "text": said, **more}


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
    assert all(one != other for one, other in zip(roles, roles[1:], strict=False))
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


def encoded(said: str) -> str:
    return b64encode(said.encode()).decode()


def document(data: str, **more: Any) -> Json:
    source = {"type": "text", "media_type": "text/plain", "data": data}
    return {"type": "document", "source": source, **more}


def file(**fields: Any) -> Json:
    return {"type": "file", "file": fields}


def image(url: str, **more: Any) -> Json:
    return {"type": "image_url", "image_url": {"url": url, **more}}


def image_block(**source: Any) -> Json:
    return {"type": "image", "source": source}


PNG_BLOCK = image_block(type="base64", media_type="image/png", data="iVBORw0KGgo=")
PDF_SOURCE = {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}
PDF_BLOCK = {"type": "document", "source": PDF_SOURCE, "title": "a.pdf"}


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (text("Hi"), text("Hi")),
        (image(PNG), PNG_BLOCK),
        (image(PNG, detail="high"), PNG_BLOCK),
        (
            image("data:image/jpg;base64,/9j/"),
            image_block(type="base64", media_type="image/jpeg", data="/9j/"),
        ),
        (image("https://a.org/b"), image_block(type="url", url="https://a.org/b")),
        (file(file_data=PDF, filename="a.pdf"), PDF_BLOCK),
        (file(file_data="JVBERi0=", filename="a.pdf"), PDF_BLOCK),
        (file(file_data=PDF), {"type": "document", "source": PDF_SOURCE}),
        (file(file_data="data:text/plain;base64," + encoded("Grüße")), document("Grüße")),
        (file(file_data="data:text/csv,a%2Cb"), document("a,b")),
        (file(file_data="data:,a"), document("a")),
        (file(file_data=encoded("# A"), filename="a.txt"), document("# A", title="a.txt")),
        (
            {**text("Hi"), "prompt_cache_breakpoint": EXPLICIT},
            text("Hi", cache_control={"type": "ephemeral"}),
        ),
        (
            {**image(PNG), "prompt_cache_breakpoint": {**EXPLICIT, "ttl": "30m"}},
            {**PNG_BLOCK, "cache_control": {"type": "ephemeral", "ttl": "1h"}},
        ),
    ],
)
def test_a_part_is_a_block(part: Json, expected: Json) -> None:
    [turn] = body_of(user(part, text("!")))["messages"]
    assert turn["content"] == [expected, text("!")]


def marks(body: Json) -> list[Json]:
    system = body.get("system", [])
    blocks = [*system, *(block for turn in body["messages"] for block in turn["content"])]
    inner = [each for block in blocks for each in (*block.get("content", ()), block)]
    return [block["cache_control"] for block in inner if "cache_control" in block]


def test_the_last_four_breakpoints_hold_for_as_long_as_the_request_says() -> None:
    marked = {**text("Hi"), "prompt_cache_breakpoint": EXPLICIT}
    system = {"role": "system", "content": [marked, marked]}
    turns = (user(marked, marked), assistant(tool_calls=[CALL]), result([marked, text("x")]))
    assert marks(body_of(system, *turns)) == [{"type": "ephemeral"}] * 4
    kept = {"type": "ephemeral", "ttl": "1h"}
    assert marks(body_of(system, *turns, prompt_cache_options={"ttl": "30m"})) == [kept] * 4


REFUSED: list[tuple[str, Json]] = [
    ("messages.0.name", {**USER, "name": "Ada"}),
    ("messages.0.mood", {**USER, "mood": "good"}),
    ("messages.0.content.0.color", user({**text("x"), "color": "red"})),
    ("messages.0.content.0", user({"type": "input_audio", "input_audio": {"data": "", "format": "wav"}})),
    ("messages.0.content.0.image_url.detail", user(image(PNG, detail="low"))),
    ("messages.0.content.0.image_url.url", user(image("data:image/tiff;base64,AA=="))),
    ("messages.0.content.0.image_url.url", user(image("data:image/png,AA=="))),
    ("messages.0.content.0.image_url.url", user(image("file:///etc/passwd"))),
    ("messages.0.content.0.file.file_id", user(file(file_id="file-1"))),
    ("messages.0.content.0.file.file_data", user(file(file_data="AA==", filename="a.zip"))),
    ("messages.0.content.0.file.file_data", user(file(file_data="AA=="))),
    ("messages.0.content.0.file.file_data", user(file(file_data="data:text/plain;base64,/w=="))),
    (
        "messages.0.content.0.prompt_cache_breakpoint.ttl",
        user({**text("x"), "prompt_cache_breakpoint": {**EXPLICIT, "ttl": "12h"}}),
    ),
    ("messages.0.audio", assistant(content="x", audio={"id": "audio_1"})),
    ("messages.0.function_call", assistant(content="x", function_call=FUNCTION)),
    ("messages.0.reasoning_content", assistant(content="x", reasoning_content="Hm.")),
    ("messages.0.thinking_blocks.0", assistant(content="x", thinking_blocks=[{"type": "thinking"}])),
    ("messages.0.thinking_blocks.0", assistant(content="x", thinking_blocks="Hm.")),
    ("messages.0", {"role": "function", "name": "look", "content": "blue"}),
]  # fmt: skip


@pytest.mark.parametrize(("param", "message"), REFUSED)
def test_what_messages_cannot_hold_is_refused_by_name(param: str, message: Json) -> None:
    asked = {"model": "small", "messages": [message, USER]}
    PARAMS.check(asked)
    with pytest.raises(UnsupportedParameter, match=f"`{param}`"):
        TRANSLATION.request(asked, WANTED)
    translated = TRANSLATION.request(asked, WANTED._replace(drop=True))
    STABLE.check(translated.body)
    assert translated.dropped == (param,)


@pytest.mark.parametrize("arguments", ["{", "[1]", "look!", "{" * 100_000])
def test_arguments_must_be_an_object(arguments: str) -> None:
    call = {**CALL, "function": {"name": "look", "arguments": arguments}}
    asked = {"model": "small", "messages": [assistant(tool_calls=[call]), result("blue")]}
    param = "messages.0.tool_calls.0.function.arguments"
    with pytest.raises(UnsupportedParameter, match=param):
        TRANSLATION.request(asked, WANTED)
    translated = TRANSLATION.request(asked, WANTED._replace(drop=True))
    assert translated.dropped == (param,)
    assert translated.body["messages"][0]["content"] == [{**USE, "input": {}}]
