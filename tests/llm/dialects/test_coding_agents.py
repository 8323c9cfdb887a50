"""Requests in the shape of coding agents' own, over a provider of the other dialect."""

from __future__ import annotations

from typing import Any

import pytest

from tollgate_llm.dialects import chat_to_messages, messages_to_chat, responses_to_chat
from tollgate_llm.dialects.registry import between
from tollgate_llm.dialects.translation import Json, Translation, Wanted
from tollgate_llm.sandbox.anthropic_api.messages import STABLE
from tollgate_llm.sandbox.openai_api import chat, responses

SCHEMA: Json = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}
MARK: Json = {"type": "ephemeral"}
HELLO: Json = {"role": "user", "content": "Hi."}
CODEX = between("/v1/responses", "anthropic")
assert CODEX is not None
TO_CLAUDE: Translation = CODEX


def claude_code() -> Json:
    thought = {"type": "thinking", "thinking": "Hm.", "signature": "EqQBCgIYAhIM"}
    use = {"type": "tool_use", "id": "toolu_1", "name": "Read", "input": {"path": "a"}}
    result = {
        "type": "tool_result",
        "tool_use_id": "toolu_1",
        "content": "a",
        "cache_control": MARK,
    }
    return {
        "model": "small",
        "max_tokens": 32000,
        "system": [{"type": "text", "text": "You are an agent.", "cache_control": MARK}],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "Hi.", "cache_control": MARK}]},
            {"role": "assistant", "content": [thought, use]},
            {"role": "user", "content": [result]},
        ],
        "tools": [
            {"name": "Read", "description": "Reads.", "input_schema": SCHEMA},
            {"name": "mcp__crm__find", "input_schema": SCHEMA, "defer_loading": True},
        ],
        "metadata": {"user_id": "user_1"},
        "thinking": {"type": "adaptive"},
        "output_config": {"effort": "high"},
        "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
        "stream": True,
    }


@pytest.mark.parametrize(
    ("model", "effort"), [("gpt-5", "high"), ("gpt-4o-mini", None), ("qwen3-coder", "high")]
)
def test_claude_code_is_answered_by_a_model_of_chat_completions(
    model: str, effort: str | None
) -> None:
    request_body = claude_code()
    STABLE.check(request_body)
    made = messages_to_chat.TRANSLATION.request(request_body, Wanted(model, 4096))
    chat.PARAMS.check(made.body)
    assert made.body.get("reasoning_effort") == effort
    assert [tool["function"]["name"] for tool in made.body["tools"]] == ["Read", "mcp__crm__find"]
    roles = [message["role"] for message in made.body["messages"]]
    assert roles == ["system", "user", "assistant", "tool"]
    assert {name for name in made.dropped if "cache_control" not in name} == {
        "messages.*.content.*.thinking",
        "tools.*.defer_loading",
        "context_management",
        *([] if effort else ["output_config.effort"]),
    }


def codex() -> Json:
    read = {
        "type": "function",
        "name": "read",
        "description": "Reads.",
        "parameters": SCHEMA,
        "strict": False,
    }
    agents = {"type": "namespace", "name": "agents", "description": "Agents.", "tools": [read]}
    return {
        "model": "small",
        "instructions": "You are an agent.",
        "input": [
            {
                "type": "message",
                "role": "developer",
                "content": [{"type": "input_text", "text": "Be brief."}],
            },
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi."}]},
            {"type": "reasoning", "summary": [], "content": None, "encrypted_content": "gAAA"},
            {
                "type": "message",
                "role": "assistant",
                "phase": "commentary",
                "content": [{"type": "output_text", "text": "I look."}],
            },
            {
                "type": "function_call",
                "name": "read",
                "namespace": "agents",
                "call_id": "c1",
                "arguments": "{}",
            },
            {"type": "function_call_output", "call_id": "c1", "output": "a"},
        ],
        "tools": [read, agents, {"type": "web_search", "external_web_access": True}],
        "tool_choice": "auto",
        "parallel_tool_calls": True,
        "reasoning": {"effort": "medium", "summary": "auto"},
        "store": False,
        "stream": True,
        "include": ["reasoning.encrypted_content"],
        "service_tier": None,
        "prompt_cache_key": "thread_1",
        "text": {"verbosity": "low"},
        "client_metadata": {"x-codex-installation-id": "1"},
    }


def test_codex_is_answered_by_claude() -> None:
    request_body = codex()
    responses.PARAMS.check(request_body)
    made = TO_CLAUDE.request(request_body, Wanted("claude-opus-5", 32000))
    STABLE.check(made.body)
    assert [tool["name"] for tool in made.body["tools"]] == ["read", "agents__read"]
    assert made.body["messages"][1]["content"][1]["name"] == "agents__read"
    assert set(made.dropped) == {
        "client_metadata",
        "input.*.encrypted_content",
        "input.*.phase",
        "prompt_cache_key",
        "text.verbosity",
        "tools.*.web_search",
    }


NULLS: list[tuple[Translation, Any, Json, tuple[str, ...]]] = [
    (
        chat_to_messages.TRANSLATION,
        chat.PARAMS,
        {
            "messages": [
                {**HELLO, "name": None},
                {
                    "role": "assistant",
                    "content": "Yes.",
                    "name": None,
                    "refusal": None,
                    "audio": None,
                    "tool_calls": None,
                    "function_call": None,
                    "thinking_blocks": None,
                    "reasoning_content": None,
                },
                HELLO,
            ]
        },
        (
            "user",
            "tools",
            "tool_choice",
            "response_format",
            "stop",
            "metadata",
            "stream_options",
            "parallel_tool_calls",
            "n",
            "seed",
            "logit_bias",
            "audio",
            "functions",
            "service_tier",
            "store",
            "verbosity",
            "prediction",
            "web_search_options",
            "max_tokens",
            "modalities",
            "function_call",
            "prompt_cache_options",
            "safety_identifier",
            "cache_control",
        ),
    ),
    (
        messages_to_chat.TRANSLATION,
        STABLE,
        {
            "max_tokens": 10,
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "Hi.", "cache_control": None, "citations": None}
                    ],
                }
            ],
        },
        (
            "metadata",
            "system",
            "stop_sequences",
            "stream",
            "thinking",
            "tools",
            "tool_choice",
            "temperature",
            "top_k",
            "output_config",
            "service_tier",
            "container",
            "mcp_servers",
            "context_management",
            "inference_geo",
        ),
    ),
    (
        TO_CLAUDE,
        responses.PARAMS,
        {
            "input": [
                {
                    "role": "user",
                    "content": [
                        {"type": "input_image", "image_url": "https://a.org/b.png", "detail": None}
                    ],
                }
            ]
        },
        (
            "user",
            "tools",
            "tool_choice",
            "text",
            "include",
            "metadata",
            "instructions",
            "stream",
            "stream_options",
            "truncation",
            "prompt_cache_key",
            "reasoning",
            "parallel_tool_calls",
            "prompt",
            "conversation",
            "background",
            "client_metadata",
            "max_tool_calls",
        ),
    ),
]


@pytest.mark.parametrize(("translation", "params", "request_body", "names"), NULLS)
def test_null_says_nothing_in_any_direction(
    translation: Translation, params: Any, request_body: Json, names: tuple[str, ...]
) -> None:
    plain = {"model": "small", **request_body}
    full = {**plain, **dict.fromkeys(names)}
    params.check(full)
    wanted = Wanted("big", 4096)
    assert translation.request(full, wanted) == translation.request(plain, wanted)
    assert translation.request(full, wanted).dropped == ()


def test_null_says_nothing_in_tools() -> None:
    function: Json = {"name": "look", "description": None, "parameters": None, "strict": None}
    request_body: Json = {
        "model": "small",
        "messages": [HELLO],
        "tools": [{"type": "function", "function": function}],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "n", "description": None, "strict": None, "schema": SCHEMA},
        },
    }
    chat.PARAMS.check(request_body)
    made = chat_to_messages.TRANSLATION.request(request_body, Wanted("big", 4096))
    STABLE.check(made.body)
    assert made.body["tools"][0].keys() == {"name", "input_schema"}
    tool: Json = {
        "name": "look",
        "type": None,
        "description": None,
        "input_schema": SCHEMA,
        "strict": None,
        "cache_control": None,
        "defer_loading": None,
    }
    request_body = {
        "model": "small",
        "max_tokens": 1,
        "messages": [HELLO],
        "tools": [tool],
        "tool_choice": {"type": "auto", "disable_parallel_tool_use": None},
        "output_config": {"effort": None, "format": None},
    }
    STABLE.check(request_body)
    made = messages_to_chat.TRANSLATION.request(request_body, Wanted("big", 4096))
    function = {"name": "look", "parameters": SCHEMA}
    assert made.body["tools"] == [{"type": "function", "function": function}]
    assert made.dropped == ()


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (
            {"type": "input_image", "image_url": "x"},
            {"type": "image_url", "image_url": {"url": "x"}},
        ),
        (
            {"type": "input_image", "image_url": "x", "detail": None, "file_id": None},
            {"type": "image_url", "image_url": {"url": "x"}},
        ),
        (
            {"type": "input_file", "file_data": "x", "filename": None, "file_id": None},
            {"type": "file", "file": {"file_data": "x"}},
        ),
    ],
)
def test_a_part_of_responses_needs_no_more_than_the_reference_shows(
    part: Json, expected: Json
) -> None:
    request_body = {"model": "small", "input": [{"role": "user", "content": [part]}]}
    responses.PARAMS.check(request_body)
    made = responses_to_chat.TRANSLATION.request(request_body, Wanted("big", 4096))
    assert made.body["messages"] == [{"role": "user", "content": [expected]}]


@pytest.mark.parametrize("more", [{}, {"type": "message"}, {"status": "completed"}, {"id": None}])
def test_what_the_assistant_said_needs_no_id_and_no_status(more: Json) -> None:
    part = {"type": "output_text", "text": "Yes."}
    item = {"role": "assistant", "content": [part], **more}
    request_body = {"model": "small", "input": [HELLO, item, HELLO]}
    responses.PARAMS.check(request_body)
    made = responses_to_chat.TRANSLATION.request(request_body, Wanted("big", 4096))
    assert made.body["messages"][1] == {"role": "assistant", "content": "Yes."}
