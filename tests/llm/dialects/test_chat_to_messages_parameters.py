from __future__ import annotations

import pytest

from tests.llm.dialects.chat_to_messages_parameters import (
    ASKED,
    FORMAT,
    NEW,
    OLD,
    SCHEMA,
    body_of,
)
from tollgate_llm.dialects.chat_to_messages import TRANSLATION
from tollgate_llm.dialects.chat_to_messages.settings import JSON_ONLY
from tollgate_llm.dialects.errors import UnsupportedParameter
from tollgate_llm.dialects.translation import Json
from tollgate_llm.sandbox.anthropic_api.messages import STABLE
from tollgate_llm.sandbox.openai_api.chat import PARAMS

LOOKING = {"name": "look", "parameters": SCHEMA}
LOOK = {"type": "function", "function": LOOKING}
LOOK_THERE = {"name": "look", "input_schema": SCHEMA}
HEAR = {"type": "function", "function": {"name": "hear", "description": "Hears."}}
HEAR_THERE = {
    "name": "hear",
    "description": "Hears.",
    "input_schema": {"type": "object", "properties": {}},
}
RUN = {"type": "custom", "custom": {"name": "run"}}
NAMED = {"type": "function", "function": {"name": "look"}}


def allowed(mode: str, *tools: Json) -> Json:
    return {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": [*tools]}}


MAPPED: list[tuple[Json, Json]] = [
    ({"temperature": 0}, {"temperature": 0}),
    ({"temperature": 0.5, "top_p": 0.9}, {"temperature": 0.5, "top_p": 0.9}),
    ({"stop": "END"}, {"stop_sequences": ["END"]}),
    ({"stop": ["END", "."]}, {"stop_sequences": ["END", "."]}),
    ({"user": "u"}, {"metadata": {"user_id": "u"}}),
    ({"safety_identifier": "s", "user": "s"}, {"metadata": {"user_id": "s"}}),
    ({"service_tier": "default"}, {"service_tier": "standard_only"}),
    ({"stream": True}, {"stream": True}),
    ({"stream": True, "stream_options": {"include_usage": True}}, {"stream": True}),
    ({"stream": True, "stream_options": {"include_obfuscation": False}}, {"stream": True}),
    (
        {"response_format": FORMAT},
        {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
    ),
    (
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "n", "description": "Where.", "schema": SCHEMA},
            }
        },
        {
            "output_config": {
                "format": {"type": "json_schema", "schema": {"description": "Where.", **SCHEMA}}
            }
        },
    ),
    ({"tools": [LOOK, HEAR]}, {"tools": [LOOK_THERE, HEAR_THERE]}),
    (
        {"tools": [{"type": "function", "function": {**LOOKING, "strict": True}}]},
        {"tools": [{**LOOK_THERE, "strict": True}]},
    ),
    (
        {"tools": [{"type": "function", "function": {"name": "go", "parameters": {}}}]},
        {"tools": [{"name": "go", "input_schema": {"type": "object", "properties": {}}}]},
    ),
    (
        {"tools": [RUN]},
        {
            "tools": [
                {
                    "name": "run",
                    "input_schema": {
                        "type": "object",
                        "properties": {"input": {"type": "string"}},
                        "required": ["input"],
                        "additionalProperties": False,
                    },
                }
            ]
        },
    ),
    (
        {"tools": [LOOK], "tool_choice": "none"},
        {"tools": [LOOK_THERE], "tool_choice": {"type": "none"}},
    ),
    (
        {"tools": [LOOK], "tool_choice": "none", "parallel_tool_calls": False},
        {"tools": [LOOK_THERE], "tool_choice": {"type": "none"}},
    ),
    ({"tools": [LOOK], "tool_choice": "auto"}, {"tools": [LOOK_THERE]}),
    (
        {"tools": [LOOK], "tool_choice": "required"},
        {"tools": [LOOK_THERE], "tool_choice": {"type": "any"}},
    ),
    (
        {"tools": [LOOK, HEAR], "tool_choice": NAMED},
        {"tools": [LOOK_THERE, HEAR_THERE], "tool_choice": {"type": "tool", "name": "look"}},
    ),
    (
        {"tools": [LOOK], "parallel_tool_calls": False},
        {
            "tools": [LOOK_THERE],
            "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
        },
    ),
    (
        {"tools": [LOOK], "tool_choice": NAMED, "parallel_tool_calls": False},
        {
            "tools": [LOOK_THERE],
            "tool_choice": {"type": "tool", "name": "look", "disable_parallel_tool_use": True},
        },
    ),
    ({"tools": [LOOK, HEAR], "tool_choice": allowed("auto", NAMED)}, {"tools": [LOOK_THERE]}),
    (
        {"tools": [LOOK, HEAR], "tool_choice": allowed("required", NAMED)},
        {"tools": [LOOK_THERE], "tool_choice": {"type": "any"}},
    ),
]


@pytest.mark.parametrize(("asked", "expected"), MAPPED)
def test_what_messages_can_say_is_said(asked: Json, expected: Json) -> None:
    assert body_of(**asked) == {"max_tokens": 4096, **expected}


@pytest.mark.parametrize(
    ("messages", "system"),
    [
        ([], JSON_ONLY),
        (
            [{"role": "system", "content": "Be brief."}],
            [{"type": "text", "text": "Be brief."}, {"type": "text", "text": JSON_ONLY}],
        ),
        (
            [{"role": "developer", "content": [{"type": "text", "text": "Be."}] * 2}],
            [{"type": "text", "text": text} for text in ("Be.", "Be.", JSON_ONLY)],
        ),
    ],
)
def test_any_json_object_is_asked_for_at_the_end_of_the_system_prompt(
    messages: list[Json], system: str | list[Json]
) -> None:
    asked = {
        **ASKED,
        "messages": [*messages, {"role": "user", "content": "In JSON, please."}],
        "response_format": {"type": "json_object"},
    }
    body = TRANSLATION.request(asked, OLD).body
    assert body["system"] == system
    assert "output_config" not in body


def test_a_custom_tool_can_be_chosen() -> None:
    choice = {"type": "custom", "custom": {"name": "run"}}
    made = body_of(tools=[RUN], tool_choice=choice)
    assert made["tool_choice"] == {"type": "tool", "name": "run"}


@pytest.mark.parametrize(
    ("asked", "cap"),
    [
        ({}, 4096),
        ({"max_tokens": 7}, 7),
        ({"max_completion_tokens": 5, "max_tokens": 7}, 5),
        ({"max_completion_tokens": None, "max_tokens": 7}, 7),
        ({"max_completion_tokens": None, "max_tokens": None}, 4096),
    ],
)
def test_the_output_is_always_capped(asked: Json, cap: int) -> None:
    assert body_of(**asked) == {"max_tokens": cap}


@pytest.mark.parametrize(
    "asked",
    [
        {"n": 1},
        {"store": False},
        {"logprobs": False, "top_logprobs": 0},
        {"logit_bias": {}},
        {"metadata": {}},
        {"modalities": ["text"]},
        {"frequency_penalty": 0, "presence_penalty": 0.0},
        {"verbosity": "medium"},
        {"temperature": 1, "top_p": 1.0},
        {"service_tier": "auto"},
        {"response_format": {"type": "text"}},
        {"tool_choice": "auto", "parallel_tool_calls": True},
        {"tool_choice": "none", "parallel_tool_calls": False},
        {"stop": None, "stream": False, "stream_options": None, "reasoning_effort": None},
        {"prompt_cache_options": {"mode": "explicit", "ttl": "30m"}},
        {"seed": None, "audio": None, "temperature": None, "user": ""},
    ],
)
def test_what_says_nothing_is_no_matter(asked: Json) -> None:
    assert body_of(NEW, **asked) == {"max_tokens": 4096}


REFUSED: list[tuple[str, Json]] = [
    ("n", {"n": 2}),
    ("logprobs", {"logprobs": True}),
    ("logit_bias", {"logit_bias": {"1": 1}}),
    ("modalities", {"modalities": ["text", "audio"]}),
    ("audio", {"audio": {"format": "wav", "voice": "alloy"}}),
    ("frequency_penalty", {"frequency_penalty": 0.5}),
    ("presence_penalty", {"presence_penalty": -1}),
    ("moderation", {"moderation": {"model": "omni-moderation-latest"}}),
    ("web_search_options", {"web_search_options": {}}),
    ("temperature", {"temperature": 1.5}),
    ("stop", {"stop": "\n"}),
    ("stop.1", {"stop": ["END", " "]}),
    ("response_format", {"response_format": {"type": "json_schema", "json_schema": {"name": "n"}}}),
    ("functions", {"functions": [{"name": "look"}]}),
    ("function_call", {"function_call": {"name": "look"}}),
    ("tool_choice", {"tool_choice": "required"}),
    ("tool_choice", {"tool_choice": NAMED}),
    ("tools.0.function.color", {"tools": [{**LOOK, "function": {"name": "look", "color": 1}}]}),
    (
        "tools.0.custom.format",
        {
            "tools": [
                {
                    "type": "custom",
                    "custom": {
                        "name": "run",
                        "format": {
                            "type": "grammar",
                            "grammar": {"definition": "a", "syntax": "regex"},
                        },
                    },
                }
            ]
        },
    ),
    (
        "tool_choice.allowed_tools.tools.1",
        {"tools": [LOOK], "tool_choice": allowed("auto", NAMED, HEAR)},
    ),
    (
        "reasoning_effort",
        {"reasoning_effort": "high", "tools": [LOOK], "tool_choice": "required"},
    ),
    ("reasoning_effort", {"reasoning_effort": "low", "max_tokens": 1024}),
    ("temperature", {"reasoning_effort": "low", "temperature": 0.5}),
    ("top_p", {"reasoning_effort": "low", "top_p": 0.9}),
    ("top_k", {"top_k": 5}),
    ("stream_options.color", {"stream": True, "stream_options": {"color": "red"}}),
]


@pytest.mark.parametrize(("param", "asked"), REFUSED)
def test_what_messages_cannot_say_is_refused_or_left_out_by_name(param: str, asked: Json) -> None:
    request = {**ASKED, **asked}
    PARAMS.check(request)
    with pytest.raises(UnsupportedParameter, match=f"`{param}`"):
        TRANSLATION.request(request, OLD)
    translated = TRANSLATION.request(request, OLD._replace(drop=True))
    STABLE.check(translated.body)
    assert translated.dropped == (param,)


def test_all_that_is_left_out_is_listed() -> None:
    request = {**ASKED, "top_k": 1, "n": 2, "temperature": 2}
    translated = TRANSLATION.request(request, OLD._replace(drop=True))
    assert set(translated.dropped) == {"top_k", "n", "temperature"}
    assert translated.body == {**ASKED, "model": OLD.model, "max_tokens": 4096}
