from __future__ import annotations

from typing import Any

import pytest

from tollgate_llm.dialects.errors import UnsupportedParameter
from tollgate_llm.dialects.responses_to_chat import TRANSLATION
from tollgate_llm.dialects.translation import Json, Wanted
from tollgate_llm.sandbox.openai_api import chat

WANTED = Wanted("qwen3", 4096)
SCHEMA = {"type": "object", "properties": {"at": {"type": "string"}}}
LOOK = {"type": "function", "name": "look", "parameters": SCHEMA, "strict": True}
CHAT_LOOK = {"type": "function", "function": {"name": "look", "parameters": SCHEMA, "strict": True}}
HEAR = {"type": "function", "name": "hear", "parameters": None, "strict": None}
CHAT_HEAR = {"type": "function", "function": {"name": "hear"}}
PLAIN = {"model": "qwen3", "messages": [{"role": "user", "content": "Hi."}]}


def body_of(**asked: Any) -> Json:
    """What is sent besides the model and the messages."""
    translated = TRANSLATION.request({"model": "small", "input": "Hi.", **asked}, WANTED)
    assert translated.dropped == ()
    chat.PARAMS.check(translated.body)
    assert {name: translated.body.pop(name) for name in PLAIN} == PLAIN
    return translated.body


MAPPED: list[tuple[Json, Json]] = [
    ({"max_output_tokens": 20}, {"max_tokens": 20}),
    ({"temperature": 1.7, "top_p": 0.5}, {"temperature": 1.7, "top_p": 0.5}),
    ({"temperature": 0}, {"temperature": 0}),
    ({"user": "u", "safety_identifier": "s"}, {"user": "u", "safety_identifier": "s"}),
    ({"prompt_cache_key": "k"}, {"prompt_cache_key": "k"}),
    ({"prompt_cache_retention": "24h"}, {"prompt_cache_retention": "24h"}),
    (
        {"prompt_cache_options": {"mode": "explicit", "ttl": "30m"}},
        {"prompt_cache_options": {"mode": "explicit", "ttl": "30m"}},
    ),
    ({"service_tier": "flex"}, {"service_tier": "flex"}),
    ({"stream": True}, {"stream": True, "stream_options": {"include_usage": True}}),
    ({"reasoning": {"effort": "high", "summary": "auto"}}, {"reasoning_effort": "high"}),
    ({"reasoning": {"effort": "none"}}, {"reasoning_effort": "none"}),
    ({"text": {"verbosity": "low"}}, {"verbosity": "low"}),
    ({"text": {"format": {"type": "json_object"}}}, {"response_format": {"type": "json_object"}}),
    (
        {"text": {"format": {"type": "json_schema", "name": "n", "schema": SCHEMA}}},
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "n", "schema": SCHEMA},
            }
        },
    ),
    (
        {
            "text": {
                "format": {
                    "type": "json_schema",
                    "name": "n",
                    "schema": SCHEMA,
                    "description": "d",
                    "strict": True,
                }
            }
        },
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "n", "schema": SCHEMA, "description": "d", "strict": True},
            }
        },
    ),
    ({"include": ["message.output_text.logprobs"]}, {"logprobs": True}),
    ({"top_logprobs": 3}, {"logprobs": True, "top_logprobs": 3}),
    ({"tools": [LOOK]}, {"tools": [CHAT_LOOK]}),
    ({"tools": [HEAR, LOOK]}, {"tools": [CHAT_HEAR, CHAT_LOOK]}),
    ({"tools": [LOOK], "tool_choice": "auto"}, {"tools": [CHAT_LOOK]}),
    ({"tools": [LOOK], "tool_choice": "none"}, {"tools": [CHAT_LOOK], "tool_choice": "none"}),
    (
        {"tools": [LOOK], "tool_choice": "required"},
        {"tools": [CHAT_LOOK], "tool_choice": "required"},
    ),
    (
        {"tools": [LOOK], "tool_choice": {"type": "function", "name": "look"}},
        {
            "tools": [CHAT_LOOK],
            "tool_choice": {"type": "function", "function": {"name": "look"}},
        },
    ),
    (
        {
            "tools": [LOOK, HEAR],
            "tool_choice": {
                "type": "allowed_tools",
                "mode": "required",
                "tools": [{"type": "function", "name": "hear"}],
            },
        },
        {"tools": [CHAT_HEAR], "tool_choice": "required"},
    ),
    (
        {"tools": [LOOK], "parallel_tool_calls": False},
        {"tools": [CHAT_LOOK], "parallel_tool_calls": False},
    ),
    (
        {
            "tools": [{"type": "custom", "name": "run", "description": "Runs it."}],
            "tool_choice": {"type": "custom", "name": "run"},
        },
        {
            "tools": [
                {
                    "type": "function",
                    "function": {
                        "name": "run",
                        "description": "Runs it.",
                        "parameters": {
                            "type": "object",
                            "properties": {"input": {"type": "string"}},
                            "required": ["input"],
                            "additionalProperties": False,
                        },
                    },
                }
            ],
            "tool_choice": {"type": "function", "function": {"name": "run"}},
        },
    ),
]


@pytest.mark.parametrize(("asked", "expected"), MAPPED)
def test_a_parameter_has_its_counterpart(asked: Json, expected: Json) -> None:
    assert body_of(**asked) == expected


@pytest.mark.parametrize(
    "asked",
    [
        {"background": False},
        {"context_management": []},
        {"conversation": None, "previous_response_id": None, "prompt": None},
        {"image": {"context_compression": "auto"}},
        {"include": ["reasoning.encrypted_content", "file_search_call.results"]},
        {"max_tool_calls": 3},
        {"metadata": {"a": "b"}},
        {"parallel_tool_calls": False},
        {"parallel_tool_calls": True},
        {"prompt_cache_options": {"mode": "implicit", "prewarm": False}},
        {"reasoning": {"effort": None, "summary": "detailed", "context": "auto"}},
        {"reasoning": {"mode": "standard", "generate_summary": "auto"}},
        {"reasoning": None, "include": None, "stream_options": None, "metadata": None},
        {"service_tier": "auto"},
        {"store": True},
        {"store": False},
        {"stream": False, "stream_options": {"include_obfuscation": True}},
        {"temperature": None, "top_p": None, "max_output_tokens": None},
        {"text": {"format": {"type": "text"}, "verbosity": "medium"}},
        {"tool_choice": "auto"},
        {"tool_choice": "none", "tools": []},
        {"top_logprobs": 0},
        {"truncation": "disabled"},
    ],
)
def test_what_has_no_effect_is_no_error(asked: Json) -> None:
    assert body_of(**asked) == {}


@pytest.mark.parametrize(
    ("param", "asked"),
    [
        ("access_programs", {"access_programs": {"cyber": "standard"}}),
        ("background", {"background": True}),
        ("conversation", {"conversation": "conv_1"}),
        ("include.0", {"include": ["the.weather"]}),
        ("moderation", {"moderation": {"model": "omni-moderation"}}),
        ("previous_response_id", {"previous_response_id": "resp_1"}),
        ("prompt", {"prompt": {"id": "pmpt_1"}}),
        ("reasoning.context", {"reasoning": {"context": "all_turns"}}),
        ("reasoning.mode", {"reasoning": {"mode": "pro"}}),
        ("service_tier", {"service_tier": "ultrafast"}),
        ("stream_options.loud", {"stream_options": {"loud": True}}),
        ("text.colour", {"text": {"colour": "red"}}),
        ("tool_choice", {"tool_choice": "required"}),
        ("tool_choice", {"tools": [LOOK], "tool_choice": {"type": "file_search"}}),
        ("tool_choice", {"tools": [LOOK], "tool_choice": {"type": "mcp", "server_label": "s"}}),
        (
            "tool_choice.tools.1",
            {
                "tools": [LOOK],
                "tool_choice": {
                    "type": "allowed_tools",
                    "mode": "auto",
                    "tools": [{"type": "function", "name": "look"}, {"type": "web_search"}],
                },
            },
        ),
        ("tools.1", {"tools": [LOOK, {"type": "file_search", "vector_store_ids": ["v"]}]}),
        ("tools.0", {"tools": [{"type": "code_interpreter", "container": "c"}]}),
        ("tools.0", {"tools": [{"type": "computer"}]}),
        ("tools.0", {"tools": [{"type": "mcp", "server_label": "s"}]}),
        ("tools.0", {"tools": [{"type": "local_shell"}]}),
        (
            "tools.0.tools.0",
            {"tools": [{"type": "namespace", "name": "n", "tools": [{"type": "computer"}]}]},
        ),
        (
            "tools.0.color",
            {"tools": [{"type": "namespace", "name": "n", "tools": [], "color": "red"}]},
        ),
        ("tools.0.async", {"tools": [{**LOOK, "async": True}]}),
        ("tools.0.output_schema", {"tools": [{**LOOK, "output_schema": SCHEMA}]}),
        ("tools.0.allowed_callers", {"tools": [{**LOOK, "allowed_callers": ["programmatic"]}]}),
        (
            "tools.0.format",
            {
                "tools": [
                    {
                        "type": "custom",
                        "name": "run",
                        "format": {"type": "grammar", "syntax": "lark", "definition": "start: x"},
                    }
                ]
            },
        ),
        ("top_k", {"top_k": 40}),
        ("seed", {"seed": 0}),
    ],
)
def test_what_has_no_counterpart_is_refused_by_name(param: str, asked: Json) -> None:
    asked = {"model": "small", "input": "Hi.", **asked}
    with pytest.raises(UnsupportedParameter, match=f"`{param}`") as refused:
        TRANSLATION.request(asked, WANTED)
    assert refused.value.code == "unsupported_parameter"
    translated = TRANSLATION.request(asked, WANTED._replace(drop=True))
    chat.PARAMS.check(translated.body)
    assert translated.dropped == (param,)


def test_a_choice_falls_with_the_last_tool() -> None:
    asked = {"model": "small", "input": "Hi.", "tools": [{"type": "computer"}]}
    asked["tool_choice"] = "required"
    translated = TRANSLATION.request(asked, WANTED._replace(drop=True))
    assert translated == (PLAIN, ("tools.0", "tool_choice"))
