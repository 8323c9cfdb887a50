from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest

from tests.llm.dialects.messages_to_chat_cases import Json
from tests.llm.dialects.test_messages_to_chat_parameters import (
    COMPLETE,
    FORMAT,
    LONG,
    SCHEMA,
    TOOL,
)
from tollgate_llm.dialects.errors import UnsupportedParameter, UnsupportedThread
from tollgate_llm.dialects.messages_to_responses import TRANSLATION
from tollgate_llm.dialects.tool_names import shortened
from tollgate_llm.dialects.translation import Translated, Wanted
from tollgate_llm.sandbox.anthropic_api.messages import STABLE
from tollgate_llm.sandbox.openai_api.responses import PARAMS

ASKED: Json = {
    "model": "small",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "hi"}],
}
PLAIN: Json = {
    "model": "gpt-5.4",
    "input": [{"role": "user", "content": "hi"}],
    "store": False,
    "include": ["reasoning.encrypted_content"],
    "max_output_tokens": 100,
}
FUNCTION: Json = {
    "type": "function",
    "name": "search",
    "description": "Finds.",
    "parameters": SCHEMA,
    "strict": False,
}
TOOLS: Json = {"tools": [FUNCTION]}
FORMATTED: Json = {
    "text": {
        "format": {"type": "json_schema", "name": "answer", "schema": COMPLETE, "strict": True}
    }
}
SEARCH: Json = {"type": "web_search_20250305", "name": "web_search"}
SEARCHED: Json = {
    "tools": [{"type": "web_search"}],
    "include": ["web_search_call.action.sources", "reasoning.encrypted_content"],
}


def translated(given: Json, model: str = "gpt-5.4", *, drop: bool = False) -> Translated:
    made = TRANSLATION.request({**ASKED, **given}, Wanted(model, 1000, drop))
    PARAMS.check(made.body)
    return made


def added(body: Json) -> Json:
    return {name: value for name, value in body.items() if PLAIN.get(name) != value}


SAID: list[tuple[Json, Json]] = [
    ({}, {}),
    ({"temperature": 0.5, "top_p": 0.5}, {"temperature": 0.5, "top_p": 0.5}),
    ({"temperature": 1, "top_p": 1.0}, {}),
    ({"stop_sequences": []}, {}),
    ({"stream": False}, {}),
    ({"stream": True}, {"stream": True}),
    ({"max_tokens": 16}, {"max_output_tokens": 16}),
    ({"metadata": {"user_id": "u1"}}, {"user": "u1"}),
    ({"metadata": {"user_id": LONG}}, {"user": sha256(LONG.encode()).hexdigest()}),
    ({"service_tier": "auto"}, {}),
    ({"service_tier": "standard_only"}, {"service_tier": "default"}),
    ({"speed": "fast"}, {"service_tier": "priority"}),
    ({"thinking": {"type": "disabled"}}, {}),
    ({"thinking": {"type": "adaptive"}}, {}),
    ({"thinking": {"type": "adaptive", "display": "omitted"}}, {}),
    (
        {"thinking": {"type": "adaptive", "display": "summarized"}},
        {"reasoning": {"summary": "auto"}},
    ),
    (
        {"thinking": {"type": "enabled", "budget_tokens": 4096}},
        {"reasoning": {"effort": "medium"}},
    ),
    ({"output_config": {"effort": "max"}}, {"reasoning": {"effort": "xhigh"}}),
    ({"output_config": {"format": FORMAT}}, FORMATTED),
    ({"output_format": FORMAT}, FORMATTED),
    ({"inference_geo": None, "container": None, "mcp_servers": [], "top_k": None}, {}),
    ({"tools": []}, {}),
    ({"tools": [{**TOOL, "type": "custom", "allowed_callers": ["direct"]}]}, TOOLS),
    (
        {"tools": [{**TOOL, "strict": True}]},
        {"tools": [{**FUNCTION, "parameters": COMPLETE, "strict": True}]},
    ),
    ({"tools": [TOOL], "tool_choice": {"type": "auto"}}, TOOLS),
    ({"tools": [TOOL], "tool_choice": {"type": "none"}}, {**TOOLS, "tool_choice": "none"}),
    ({"tools": [TOOL], "tool_choice": {"type": "any"}}, {**TOOLS, "tool_choice": "required"}),
    (
        {
            "tools": [TOOL],
            "tool_choice": {"type": "tool", "name": "search", "disable_parallel_tool_use": True},
        },
        {
            **TOOLS,
            "tool_choice": {"type": "function", "name": "search"},
            "parallel_tool_calls": False,
        },
    ),
    ({"tools": [SEARCH]}, SEARCHED),
    (
        {
            "tools": [
                TOOL,
                {
                    **SEARCH,
                    "type": "web_search_20260209",
                    "max_uses": 3,
                    "allowed_domains": ["a.b"],
                    "user_location": {"type": "approximate", "city": "Bern", "region": None},
                },
            ]
        },
        {
            **SEARCHED,
            "tools": [
                FUNCTION,
                {
                    "type": "web_search",
                    "filters": {"allowed_domains": ["a.b"]},
                    "user_location": {"type": "approximate", "city": "Bern"},
                },
            ],
            "max_tool_calls": 3,
        },
    ),
]


@pytest.mark.parametrize(("given", "expected"), SAID)
def test_a_parameter_is_said_in_the_other_dialect(given: Json, expected: Json) -> None:
    made = translated(given)
    assert added(made.body) == expected
    assert made.dropped == ()


UNTOLD: list[tuple[Json, str, Json]] = [
    ({"top_k": 5}, "top_k", {}),
    ({"stop_sequences": ["a"]}, "stop_sequences", {}),
    ({"max_tokens": 1}, "max_tokens", {"max_output_tokens": 16}),
    ({"inference_geo": "eu"}, "inference_geo", {}),
    ({"container": "c_1"}, "container", {}),
    ({"mcp_servers": [{"type": "url"}]}, "mcp_servers", {}),
    ({"shouted": True}, "shouted", {}),
    ({"service_tier": "later"}, "service_tier", {}),
    ({"thinking": {"type": "adaptive", "depth": 3}}, "thinking.depth", {}),
    ({"output_config": {"effort": "huge"}}, "output_config.effort", {}),
    ({"tools": [{"type": "bash_20250124", "name": "bash"}]}, "tools.0", {}),
    ({"tools": [TOOL, {"type": "web_fetch_20250910", "name": "web_fetch"}]}, "tools.1", TOOLS),
    ({"tools": [{**TOOL, "input_examples": [{"a": "b"}]}]}, "tools.0.input_examples", TOOLS),
    (
        {"tools": [{**SEARCH, "blocked_domains": ["a.b"]}]},
        "tools.0.blocked_domains",
        SEARCHED,
    ),
    ({"tool_choice": {"type": "any"}}, "tool_choice", {}),
    (
        {"tools": [SEARCH], "tool_choice": {"type": "tool", "name": "web_search"}},
        "tool_choice",
        SEARCHED,
    ),
    ({"tools": [TOOL], "tool_choice": {"type": "auto", "most": 2}}, "tool_choice.most", TOOLS),
]


@pytest.mark.parametrize(("given", "param", "_"), UNTOLD)
def test_a_parameter_that_cannot_be_said_is_refused(given: Json, param: str, _: Json) -> None:
    with pytest.raises(UnsupportedParameter) as caught:
        translated(given)
    assert caught.value.param == param
    assert "chat completions" not in str(caught.value)


@pytest.mark.parametrize(("given", "param", "expected"), UNTOLD)
def test_a_parameter_that_cannot_be_said_is_left_out_on_demand(
    given: Json, param: str, expected: Json
) -> None:
    made = translated(given, drop=True)
    assert made.dropped == (param,)
    assert added(made.body) == expected


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ({"cache_control": {"type": "ephemeral"}}, "cache_control"),
        ({"context_management": {"edits": [{"type": "clear"}]}}, "context_management"),
        ({"tools": [{**TOOL, "cache_control": {"type": "ephemeral"}}]}, "tools.*.cache_control"),
        ({"tools": [{**TOOL, "defer_loading": True}]}, "tools.*.defer_loading"),
        (
            {"tools": [{"type": "tool_search_tool_regex_20251119", "name": "t"}]},
            "tools.*.tool_search",
        ),
        (
            {"thinking": {"type": "disabled"}, "output_config": {"effort": "high"}},
            "output_config.effort",
        ),
    ],
)
def test_a_hint_is_left_out_and_listed(given: Json, hint: str) -> None:
    made = translated(given)
    assert made.dropped == (hint,)
    assert added(made.body) in ({}, TOOLS)


def test_a_model_that_does_not_reason_is_asked_for_no_thoughts() -> None:
    thinking = {"type": "enabled", "budget_tokens": 4096, "display": "summarized"}
    made = translated({"thinking": thinking}, "gpt-4.1")
    assert "include" not in made.body
    assert "reasoning" not in made.body
    assert made.dropped == ("thinking.budget_tokens",)


def test_long_names_are_shortened() -> None:
    long = "look_" * 20
    given = {"tools": [{**TOOL, "name": long}], "tool_choice": {"type": "tool", "name": long}}
    body = translated(given).body
    assert body["tools"][0]["name"] == body["tool_choice"]["name"] == shortened(long)


@pytest.mark.parametrize("drop", [True, False])
def test_a_thread_is_refused(drop: bool) -> None:
    with pytest.raises(UnsupportedThread):
        translated({"thread": {"type": "create"}}, drop=drop)


def test_the_callers_request_stays_as_it_is() -> None:
    schema: Any = {"type": "object", "properties": {"a": {}}}
    given = {"output_config": {"format": {"type": "json_schema", "schema": schema}}}
    translated({**given, "tools": [{**TOOL, "input_schema": schema, "strict": True}, SEARCH]})
    assert schema == {"type": "object", "properties": {"a": {}}}
    STABLE.check({**ASKED, **given})
