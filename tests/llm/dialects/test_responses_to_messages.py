"""Callers of responses, providers of messages: what has to survive both translations on the way."""

from __future__ import annotations

from typing import Any

import pytest

from tollgate_llm.dialects.errors import UnsupportedParameter
from tollgate_llm.dialects.registry import between
from tollgate_llm.dialects.responses_to_chat import TRANSLATION as TO_CHAT
from tollgate_llm.dialects.translation import Json, Wanted

FOUND = between("/v1/responses", "anthropic")
assert FOUND is not None
TRANSLATION = FOUND
WANTED = Wanted("claude-opus-4-5", 4096)
LOOK: Json = {"type": "function", "name": "look", "strict": False,
              "parameters": {"type": "object", "properties": {}}}  # fmt: skip
ASKED: Json = {"model": "small", "input": "hi", "tools": [LOOK], "reasoning": {"effort": "low"},
               "max_output_tokens": 8000}  # fmt: skip
THOUGHT: Json = {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}
HIDDEN: Json = {"type": "thinking", "thinking": "", "signature": "c2ln"}
REDACTED: Json = {"type": "redacted_thinking", "data": "b2ZmZW4="}
CALL: Json = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}
HELLO: Json = {"role": "user", "content": "hi"}
USAGE = {"input_tokens": 3, "output_tokens": 2}


def answered(content: list[Json]) -> Json:
    return {"id": "msg_7f", "type": "message", "role": "assistant", "model": "claude-opus-4-5",
            "content": content, "stop_reason": "tool_use", "usage": USAGE}  # fmt: skip


def streamed(content: list[Json]) -> Json:
    """The response of the last event."""
    stream = TRANSLATION.stream({**ASKED, "stream": True})
    events: list[Json] = [{"type": "message_start", "message": {"id": "msg_7f", "usage": USAGE}}]
    for index, block in enumerate(content):
        pieces = _pieces(block)
        events += [
            {"type": "content_block_start", "index": index, "content_block": pieces[0]},
            *(
                {"type": "content_block_delta", "index": index, "delta": each}
                for each in pieces[1:]
            ),
            {"type": "content_block_stop", "index": index},
        ]
    events.append({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": USAGE})
    out = [made for event in events for made in stream.feed(event)] + stream.finish()
    last: Json = out[-1]["response"]
    return last


def _pieces(block: Json) -> list[Json]:
    if block["type"] != "thinking":
        return [block]
    said = [{"type": "thinking_delta", "thinking": letter} for letter in block["thinking"]]
    signature = {"type": "signature_delta", "signature": block["signature"]}
    return [{"type": "thinking", "thinking": "", "signature": ""}, *said, signature]


@pytest.mark.parametrize("how", ["whole", "streamed"])
@pytest.mark.parametrize("thoughts", [[THOUGHT], [HIDDEN], [REDACTED], [THOUGHT, REDACTED]])
def test_thoughts_come_back_as_they_were(how: str, thoughts: list[Json]) -> None:
    content = [*thoughts, CALL]
    whole = TRANSLATION.answer(ASKED, answered(content))
    response = whole if how == "whole" else streamed(content)
    reasoning, call = response["output"]
    assert (reasoning["type"], reasoning["id"]) == ("reasoning", "rs_7f_0")
    shown = "".join(part["text"] for part in reasoning["summary"])
    assert shown == "".join(each.get("thinking", "") for each in thoughts)
    output = {"type": "function_call_output", "call_id": call["call_id"], "output": "Sunny."}
    turn = [HELLO, *response["output"], output]
    messages = TRANSLATION.request({**ASKED, "input": turn}, WANTED).body["messages"]
    assert messages[1] == {"role": "assistant", "content": content}


def test_a_thought_that_was_cut_off_is_not_sent_back() -> None:
    response = TRANSLATION.answer(ASKED, answered([{"type": "thinking", "thinking": "Hm"}]))
    assert "encrypted_content" not in response["output"][0]


@pytest.mark.parametrize("content", ["gAAA", "tollgate.", "tollgate.%%", "tollgate.bm8="])
def test_what_others_have_encrypted_is_left_out(content: str) -> None:
    item = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": content}
    made = TRANSLATION.request({**ASKED, "input": [HELLO, item]}, WANTED)
    assert made.dropped == ("input.*.encrypted_content",)


def test_ids_look_like_those_of_the_callers_dialect() -> None:
    response = TRANSLATION.answer(ASKED, answered([{"type": "text", "text": "Hi."}]))
    assert (response["id"], response["output"][0]["id"]) == ("resp_7f", "msg_7f_0")


@pytest.mark.parametrize(
    ("model", "name"), [("gpt-5.1", "max_completion_tokens"), ("qwen3", "max_tokens")]
)
def test_the_cap_has_the_name_that_the_model_heeds(model: str, name: str) -> None:
    body = TO_CHAT.request(ASKED, Wanted(model, 1)).body
    assert {key: body[key] for key in body if key.startswith("max_")} == {name: 8000}


WEATHER: Json = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "description": "Where"},
        "days": {"type": "array", "items": {"$ref": "#/$defs/Day"}},
        "at": {"anyOf": [{"type": "null"}, {"type": "object", "properties": {"h": {}}}]},
    },
    "required": ["city"],
    "$defs": {"Day": {"type": "object", "properties": {"n": {"enum": [1, 2]}}}},
}
HELD: Json = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "description": "Where"},
        "days": {"type": "array", "items": {"$ref": "#/$defs/Day"}},
        "at": {"anyOf": [{"type": "null"}, {
            "type": "object", "properties": {"h": {}}, "required": ["h"],
            "additionalProperties": False,
        }]},
    },
    "required": ["city", "days", "at"],
    "additionalProperties": False,
    "$defs": {"Day": {"type": "object", "properties": {"n": {"enum": [1, 2]}}, "required": ["n"],
                      "additionalProperties": False}},
}  # fmt: skip


def tools_made(tools: list[Json]) -> Any:
    return TRANSLATION.request({**ASKED, "tools": tools}, WANTED).body["tools"]


@pytest.mark.parametrize("unsaid", [{}, {"strict": None}])
def test_a_tool_that_says_nothing_of_strict_is_held_to_its_schema(unsaid: Json) -> None:
    """As OpenAI's responses have it, and its chat completions have not."""
    [tool] = tools_made([{"type": "function", "name": "f", "parameters": WEATHER, **unsaid}])
    assert (tool["strict"], tool["input_schema"]) == (True, HELD)


@pytest.mark.parametrize(
    "parameters",
    [
        {"type": "object"},
        {"type": "object", "properties": {"a": {"type": "object"}}},
        {"type": "object", "properties": {}, "additionalProperties": True},
        {"type": "object", "properties": {"a": {"type": "integer", "minimum": 1}}},
        {"type": "object", "properties": {"a": True}},
        {"type": "object", "properties": {"a": {"$ref": "#/$defs/A"}},
         "$defs": {"A": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/A"}]}}},
    ],
)  # fmt: skip
def test_a_schema_that_nobody_can_be_held_to_stays_as_it_is(parameters: Json) -> None:
    [tool] = tools_made([{"type": "function", "name": "f", "parameters": parameters}])
    assert "strict" not in tool
    assert tool["input_schema"] == parameters


def test_a_tool_that_need_not_be_strict_stays_as_it_is() -> None:
    [tool] = tools_made([{**LOOK, "parameters": WEATHER}])
    assert "strict" not in tool
    assert tool["input_schema"] == WEATHER


def test_more_tools_than_can_be_strict_are_not() -> None:
    tools = [{"type": "function", "name": f"f{at}", "parameters": WEATHER} for at in range(21)]
    assert all("strict" not in tool for tool in tools_made(tools))


def showing(**image: str) -> Json:
    return {"role": "user", "content": [{"type": "input_image", **image}]}


PICTURE = showing(image_url="https://a.org/b.png", detail="low")
TIFF = showing(image_url="data:image/tiff;base64,AA==")


@pytest.mark.parametrize(
    ("param", "asked"),
    [
        ("reasoning.effort", {"max_output_tokens": 1000}),
        ("reasoning.effort", {"tool_choice": "required"}),
        ("input", {"input": [HELLO, TIFF]}),
        ("include", {"include": ["message.output_text.logprobs"]}),
        ("top_logprobs", {"top_logprobs": 2}),
        ("temperature", {"temperature": 0.5}),
    ],
)
def test_what_cannot_be_said_is_refused_by_the_callers_own_name(param: str, asked: Json) -> None:
    with pytest.raises(UnsupportedParameter, match=f"`{param}`") as refused:
        TRANSLATION.request({**ASKED, **asked}, WANTED)
    assert refused.value.param == param


@pytest.mark.parametrize(
    ("param", "asked"),
    [
        ("text.verbosity", {"text": {"verbosity": "low"}}),
        ("prompt_cache_key", {"prompt_cache_key": "k"}),
        ("prompt_cache_retention", {"prompt_cache_retention": "24h"}),
        ("client_metadata", {"client_metadata": {"installation": "1"}}),
        ("input.*.content.*.detail", {"input": [PICTURE]}),
        (
            "input.*.summary",
            {
                "reasoning": None,
                "input": [
                    HELLO,
                    {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]},
                    {"role": "assistant", "content": "Yes."},
                    HELLO,
                ],
            },
        ),
    ],
)
def test_hints_are_listed_by_the_callers_own_name(param: str, asked: Json) -> None:
    assert TRANSLATION.request({**ASKED, **asked}, WANTED).dropped == (param,)


@pytest.mark.parametrize(
    ("param", "own"),
    [
        ("max_completion_tokens", "max_output_tokens"),
        ("max_tokens", "max_output_tokens"),
        ("response_format.json_schema.color", "text.format.color"),
        ("messages", "input"),
        ("messages.3", "input"),
        ("messages.3.content.0.image_url.url", "input"),
        ("messages.*.thinking_blocks.*", "input.*.encrypted_content"),
        (
            "messages.*.content.*.prompt_cache_breakpoint.ttl",
            "input.*.content.*.prompt_cache_breakpoint.ttl",
        ),
        ("tools.2.function.color", "tools"),
        ("tool_choice.allowed_tools.tools.1", "tool_choice"),
        ("top_p", "top_p"),
    ],
)
def test_each_parameter_in_between_has_the_callers_own_name(param: str, own: str) -> None:
    assert TO_CHAT.caller_param(param, {"input": "Hi."}) == own


def test_the_first_message_is_what_the_instructions_became() -> None:
    asked = {"input": "Hi.", "instructions": "Be brief."}
    assert TO_CHAT.caller_param("messages.0.content", asked) == "instructions"
    assert TO_CHAT.caller_param("messages.1.content", asked) == "input"
