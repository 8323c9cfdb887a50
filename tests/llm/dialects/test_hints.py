"""Hints are left out without being asked, and are listed. A table says which they are."""

from __future__ import annotations

from typing import Any

import pytest

from tollgate_llm.dialects import chat_to_messages, messages_to_chat, responses_to_chat
from tollgate_llm.dialects.directions import DIRECTIONS
from tollgate_llm.dialects.errors import UnsupportedParameter
from tollgate_llm.dialects.field_rules import (
    CHAT_TO_MESSAGES,
    MESSAGES_TO_CHAT,
    RESPONSES_TO_CHAT,
    Direction,
)
from tollgate_llm.dialects.translation import Drops, Json, Translated, Wanted, pattern_of
from tollgate_llm.sandbox.anthropic_api.messages import STABLE
from tollgate_llm.sandbox.openai_api import chat, responses

HELLO: Json = {"role": "user", "content": "Hi."}
SCHEMA: Json = {"type": "object", "properties": {}}
EPHEMERAL: Json = {"type": "ephemeral"}
FOREIGN: Json = {"type": "thinking", "thinking": "Hm.", "signature": "EqQBCgIYAhIM"}


def said(*content: Any, **fields: Any) -> Json:
    """Messages, with what the assistant has said in between."""
    spoken = [{"role": "assistant", "content": each, **fields} for each in content]
    return {"messages": [HELLO, *spoken, HELLO]}


def from_chat(request_body: Json) -> Translated:
    request = {"model": "small", "messages": [HELLO], **request_body}
    chat.PARAMS.check(request)
    made = chat_to_messages.TRANSLATION.request(request, Wanted("claude-sonnet-4-5", 4096))
    STABLE.check(made.body)
    return made


def from_messages(request_body: Json) -> Translated:
    request = {"model": "small", "max_tokens": 10, "messages": [HELLO], **request_body}
    STABLE.check(request)
    made = messages_to_chat.TRANSLATION.request(request, Wanted("big", 4096))
    chat.PARAMS.check(made.body)
    return made


def from_responses(request_body: Json) -> Translated:
    request = {"model": "small", "input": [HELLO], **request_body}
    responses.PARAMS.check(request)
    made = responses_to_chat.TRANSLATION.request(request, Wanted("big", 4096))
    chat.PARAMS.check(made.body)
    return made


CHAT_HINTS: list[tuple[str, Json]] = [
    ("metadata", {"metadata": {"team": "blue"}}),
    ("service_tier", {"service_tier": "flex"}),
    ("service_tier", {"service_tier": "priority"}),
    ("prediction", {"prediction": {"type": "content", "content": "x"}}),
    ("prompt_cache_key", {"prompt_cache_key": "k"}),
    ("prompt_cache_options.prewarm", {"prompt_cache_options": {"prewarm": True}}),
    ("prompt_cache_retention", {"prompt_cache_retention": "24h"}),
    ("seed", {"seed": 0}),
    ("store", {"store": True}),
    ("user", {"user": "u", "safety_identifier": "s"}),
    ("verbosity", {"verbosity": "low"}),
    ("messages.*.name", {"messages": [{**HELLO, "name": "Ada"}]}),
    ("messages.*.name", said("Yes.", name="Eva")),
    ("messages.*.reasoning", said("Yes.", reasoning="Hm.")),
    ("messages.*.reasoning_content", said("Yes.", reasoning_content="Hm.")),
    ("messages.*.reasoning_details", said("Yes.", reasoning_details=[{"data": "x"}])),
    ("messages.*.provider_specific_fields", said("Yes.", provider_specific_fields={"a": 1})),
    ("messages.*.thinking_blocks.*", said("Yes.", thinking_blocks=[{"type": "thinking"}])),
    ("messages.*.thinking_blocks.*", said("Yes.", thinking_blocks="Hm.")),
    (
        "messages.*.thinking_blocks.*",
        said("Yes.", thinking_blocks=[{**FOREIGN, "signature": "chat:reasoning:"}]),
    ),
    (
        "messages.*.content.*.image_url.detail",
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {
                            "type": "image_url",
                            "image_url": {"url": "https://a.org/b.png", "detail": "low"},
                        }
                    ],
                }
            ]
        },
    ),
    (
        "messages.*.content.*.prompt_cache_breakpoint.ttl",
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {
                            "type": "text",
                            "text": "Hi.",
                            "prompt_cache_breakpoint": {"mode": "explicit", "ttl": "12h"},
                        }
                    ],
                }
            ]
        },
    ),
]
TOOL: Json = {"name": "look", "input_schema": SCHEMA}
MESSAGES_HINTS: list[tuple[str, Json]] = [
    ("cache_control", {"cache_control": EPHEMERAL}),
    (
        "context_management",
        {"context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}},
    ),
    ("context_management", {"context_management": {"edits": [{"type": "compact_20260112"}]}}),
    ("diagnostics", {"diagnostics": {"previous_message_id": None}}),
    ("metadata.team", {"metadata": {"user_id": "u", "team": "blue"}}),
    ("output_config.task_budget", {"output_config": {"task_budget": {"total": 1000}}}),
    ("user_profile_id", {"user_profile_id": "p"}),
    ("workspace_id", {"workspace_id": "w"}),
    (
        "system.*.cache_control",
        {"system": [{"type": "text", "text": "Hi.", "cache_control": EPHEMERAL}]},
    ),
    ("tools.*.cache_control", {"tools": [{**TOOL, "cache_control": EPHEMERAL}]}),
    ("tools.*.defer_loading", {"tools": [TOOL, {**TOOL, "name": "hear", "defer_loading": True}]}),
    ("tools.*.eager_input_streaming", {"tools": [{**TOOL, "eager_input_streaming": True}]}),
    (
        "tools.*.tool_search",
        {
            "tools": [
                TOOL,
                {"type": "tool_search_tool_regex_20251119", "name": "tool_search_tool_regex"},
            ]
        },
    ),
    ("messages.*.content.*.thinking", said([FOREIGN, {"type": "text", "text": "Yes."}])),
    (
        "messages.*.content.*.thinking",
        said([{**FOREIGN, "signature": "chat:reasoning:%"}, {"type": "text", "text": "Yes."}]),
    ),
    (
        "messages.*.content.*.data",
        said([{"type": "redacted_thinking", "data": "x"}, {"type": "text", "text": "Yes."}]),
    ),
]
LOOK: Json = {"type": "function", "name": "look", "parameters": SCHEMA, "strict": False}
RESPONSES_HINTS: list[tuple[str, Json]] = [
    ("client_metadata", {"client_metadata": {"x-codex-installation-id": "1"}}),
    ("context_management", {"context_management": [{"type": "compaction"}]}),
    ("image", {"image": {"context_compression": "enabled"}}),
    (
        "input.*.encrypted_content",
        {"input": [HELLO, {"type": "reasoning", "summary": [], "encrypted_content": "gAAA"}]},
    ),
    (
        "input.*.phase",
        {"input": [{"role": "assistant", "content": "…", "phase": "commentary"}, HELLO]},
    ),
    (
        "input.*.web_search_call",
        {
            "input": [
                {
                    "type": "web_search_call",
                    "id": "ws_1",
                    "status": "completed",
                    "action": {"type": "search", "query": "x"},
                },
                HELLO,
            ]
        },
    ),
    ("prompt_cache_options.prewarm", {"prompt_cache_options": {"prewarm": True}}),
    ("prompt_cache_options.ttl", {"prompt_cache_options": {"ttl": "12h"}}),
    ("reasoning.summary", {"reasoning": {"summary": "concise"}}),
    ("truncation", {"truncation": "auto"}),
    ("tools.*.defer_loading", {"tools": [{**LOOK, "defer_loading": True}]}),
    (
        "tools.*.image_generation",
        {"tools": [LOOK, {"type": "image_generation", "output_format": "png"}]},
    ),
    ("tools.*.tool_search", {"tools": [LOOK, {"type": "tool_search", "execution": "client"}]}),
    ("tools.*.web_search", {"tools": [LOOK, {"type": "web_search", "external_web_access": True}]}),
    (
        "tools.*.web_search",
        {"tools": [LOOK, {"type": "web_search_preview"}], "tool_choice": "required"},
    ),
    ("tools.*.web_search", {"tools": [{"type": "web_search"}]}),
]


@pytest.mark.parametrize(("name", "request_body"), CHAT_HINTS)
def test_a_hint_of_chat_completions_is_left_out_and_listed(name: str, request_body: Json) -> None:
    assert from_chat(request_body).dropped == (name,)
    assert CHAT_TO_MESSAGES.rule(name).outcome != "refused"


@pytest.mark.parametrize(("name", "request_body"), MESSAGES_HINTS)
def test_a_hint_of_messages_is_left_out_and_listed(name: str, request_body: Json) -> None:
    assert from_messages(request_body).dropped == (name,)
    assert MESSAGES_TO_CHAT.rule(name).outcome == "hint"


@pytest.mark.parametrize(("name", "request_body"), RESPONSES_HINTS)
def test_a_hint_of_responses_is_left_out_and_listed(name: str, request_body: Json) -> None:
    assert from_responses(request_body).dropped == (name,)
    assert RESPONSES_TO_CHAT.rule(name).outcome == "hint"


def test_a_tool_whose_loading_is_deferred_is_offered() -> None:
    made = from_messages({"tools": [{**TOOL, "defer_loading": True}]})
    assert [tool["function"]["name"] for tool in made.body["tools"]] == ["look"]


@pytest.mark.parametrize(
    ("param", "choice"),
    [
        ("tools.1", {"type": "web_search_preview"}),
        ("tools.1", {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "web_search"}]}),
        ("tool_choice", "required"),
    ],
)
def test_a_hosted_tool_that_must_be_called_is_refused(param: str, choice: Any) -> None:
    tools = [LOOK, {"type": "web_search"}] if param == "tools.1" else [{"type": "web_search"}]
    with pytest.raises(UnsupportedParameter) as refused:
        from_responses({"tools": tools, "tool_choice": choice})
    assert refused.value.param == param


def test_a_hint_is_listed_once_however_often_it_is_given() -> None:
    drops = Drops(Wanted("big", 1))
    for index in range(300):
        drops.hint(f"messages.{index}.content.0.thinking")
    assert drops.names == ("messages.*.content.*.thinking",)


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("seed", "seed"),
        ("messages.12.content.0.text", "messages.*.content.*.text"),
        ("tools.0", "tools.*"),
        ("metadata.v1.2x", "metadata.v1.2x"),
    ],
)
def test_the_pattern_of_a_path_has_a_star_for_each_index(path: str, pattern: str) -> None:
    assert pattern_of(path) == pattern


@pytest.mark.parametrize("direction", DIRECTIONS, ids=lambda each: each.provider)
def test_every_rule_has_a_reason(direction: Direction) -> None:
    assert all(rule.reason for rule in direction.rules.values())
    assert direction.rule("no.such.field").outcome == "refused"
