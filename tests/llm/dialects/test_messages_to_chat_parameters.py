from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest

from tests.llm.dialects.messages_to_chat_cases import Json
from tollgate_common.errors import dialects
from tollgate_llm.dialects.errors import UnsupportedParameter, UnsupportedThread
from tollgate_llm.dialects.messages_to_chat import TRANSLATION
from tollgate_llm.dialects.translation import Translated, Wanted
from tollgate_llm.sandbox.openai_api.chat import PARAMS

ASKED: Json = {
    "model": "small", "max_tokens": 10, "messages": [{"role": "user", "content": "hi"}],
}  # fmt: skip
PLAIN: Json = {
    "model": "big", "max_tokens": 10, "messages": [{"role": "user", "content": "hi"}],
}  # fmt: skip
SCHEMA: Json = {
    "type": "object",
    "properties": {
        "a": {"type": "string"},
        "b": {"anyOf": [{"$ref": "#/$defs/B"}, {"type": "null"}]},
        "c": {"type": "array", "items": {"type": "object", "properties": {"properties": {}}}},
    },
    "required": ["a"],
    "additionalProperties": False,
    "$defs": {"B": {"type": "object", "properties": {"x": {"type": "integer"}}}},
}
COMPLETE: Json = {
    "type": "object",
    "properties": {
        "a": {"type": "string"},
        "b": {"anyOf": [{"$ref": "#/$defs/B"}, {"type": "null"}]},
        "c": {"type": "array", "items": {
            "type": "object", "properties": {"properties": {}}, "required": ["properties"],
        }},
    },
    "required": ["a", "b", "c"],
    "additionalProperties": False,
    "$defs": {
        "B": {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]},
    },
}  # fmt: skip
FORMAT = {"type": "json_schema", "schema": SCHEMA}
FORMATTED = {
    "response_format": {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": COMPLETE, "strict": True},
    },
}
TOOL: Json = {"name": "search", "description": "Finds.", "input_schema": SCHEMA}
FUNCTION: Json = {"name": "search", "description": "Finds.", "parameters": SCHEMA}
TOOLS: Json = {"tools": [{"type": "function", "function": FUNCTION}]}
LONG = "user_" + "é" * 100


def translated(given: Json, model: str = "big", *, drop: bool = False) -> Translated:
    made = TRANSLATION.request({**ASKED, **given}, Wanted(model, 1000, drop))
    PARAMS.check(made.body)
    return made


def added(body: Json) -> Json:
    return {name: value for name, value in body.items() if PLAIN.get(name) != value}


SAID: list[tuple[Json, Json]] = [
    ({}, {}),
    ({"temperature": 0}, {"temperature": 0}),
    ({"temperature": 1.0, "top_p": 0.5}, {"temperature": 1.0, "top_p": 0.5}),
    ({"stop_sequences": ["a", "b"]}, {"stop": ["a", "b"]}),
    ({"stop_sequences": []}, {}),
    ({"stream": False}, {}),
    ({"stream": True}, {"stream": True, "stream_options": {"include_usage": True}}),
    ({"metadata": {"user_id": "u1"}}, {"user": "u1"}),
    ({"metadata": {"user_id": None}}, {}),
    ({"metadata": {"user_id": LONG}}, {"user": sha256(LONG.encode()).hexdigest()}),
    ({"service_tier": "auto"}, {}),
    ({"service_tier": "standard_only"}, {"service_tier": "default"}),
    ({"speed": "standard"}, {}),
    ({"speed": None}, {}),
    ({"speed": "fast", "service_tier": "standard_only"}, {"service_tier": "priority"}),
    ({"thinking": {"type": "disabled"}}, {}),
    ({"thinking": {"type": "adaptive", "display": "omitted"}}, {}),
    ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, {"reasoning_effort": "low"}),
    ({"thinking": {"type": "enabled", "budget_tokens": 4096}}, {"reasoning_effort": "medium"}),
    ({"thinking": {"type": "enabled", "budget_tokens": 16384}}, {"reasoning_effort": "high"}),
    ({"output_config": {"effort": "max"}}, {"reasoning_effort": "high"}),
    ({"output_config": {"effort": "low"}, "thinking": {"type": "enabled", "budget_tokens": 32000}},
     {"reasoning_effort": "low"}),
    ({"output_config": {"effort": None, "format": None}}, {}),
    ({"output_config": {"format": FORMAT}}, FORMATTED),
    ({"output_format": FORMAT}, FORMATTED),
    ({"inference_geo": None, "container": None, "diagnostics": None, "mcp_servers": []}, {}),
    ({"tools": []}, {}),
    ({"tools": [], "tool_choice": {"type": "auto", "disable_parallel_tool_use": True}}, {}),
    ({"tools": [{**TOOL, "type": "custom", "allowed_callers": ["direct"],
                 "defer_loading": False, "input_examples": [], "strict": False}]}, TOOLS),
    ({"tools": [{"name": "search", "input_schema": {"type": "object"}}]},
     {"tools": [{"type": "function",
                 "function": {"name": "search", "parameters": {"type": "object"}}}]}),
    ({"tools": [{**TOOL, "strict": True}]},
     {"tools": [{"type": "function",
                 "function": {**FUNCTION, "parameters": COMPLETE, "strict": True}}]}),
    ({"tools": [TOOL], "tool_choice": {"type": "auto"}}, TOOLS),
    ({"tools": [TOOL], "tool_choice": {"type": "none"}}, {**TOOLS, "tool_choice": "none"}),
    ({"tools": [TOOL], "tool_choice": {"type": "any", "disable_parallel_tool_use": False}},
     {**TOOLS, "tool_choice": "required"}),
    ({"tools": [TOOL],
      "tool_choice": {"type": "tool", "name": "search", "disable_parallel_tool_use": True}},
     {**TOOLS, "tool_choice": {"type": "function", "function": {"name": "search"}},
      "parallel_tool_calls": False}),
]  # fmt: skip


@pytest.mark.parametrize(("given", "expected"), SAID)
def test_a_parameter_is_said_in_the_other_dialect(given: Json, expected: Json) -> None:
    made = translated(given)
    assert added(made.body) == expected
    assert made.dropped == ()


UNTOLD: list[tuple[Json, str, Json]] = [
    ({"top_k": 5}, "top_k", {}),
    ({"max_tokens": 0}, "max_tokens", {"max_tokens": 1}),
    ({"inference_geo": "eu"}, "inference_geo", {}),
    ({"container": "c_1"}, "container", {}),
    ({"mcp_servers": [{"type": "url"}]}, "mcp_servers", {}),
    ({"shouted": True}, "shouted", {}),
    ({"stop_sequences": list("abcde")}, "stop_sequences.4", {"stop": list("abcd")}),
    ({"service_tier": "later"}, "service_tier", {}),
    ({"speed": "slow"}, "speed", {}),
    ({"thinking": {"type": "between_tools"}}, "thinking.type", {}),
    ({"thinking": {"type": "adaptive", "depth": 3}}, "thinking.depth", {}),
    ({"output_config": {"effort": "huge"}}, "output_config.effort", {}),
    ({"output_config": {"format": {"type": "xml"}}}, "output_config.format.type", {}),
    ({"output_format": {**FORMAT, "name": "n"}}, "output_format.name", FORMATTED),
    ({"tools": [{"type": "bash_20250124", "name": "bash"}]}, "tools.0", {}),
    ({"tools": [TOOL, {"type": "web_search_20250305", "name": "web_search"}]}, "tools.1", TOOLS),
    ({"tools": [{**TOOL, "input_examples": [{"a": "b"}]}]}, "tools.0.input_examples", TOOLS),
    ({"tools": [{**TOOL, "allowed_callers": ["code_execution_20250825"]}]},
     "tools.0.allowed_callers", TOOLS),
    ({"tool_choice": {"type": "any"}}, "tool_choice", {}),
    ({"tools": [TOOL], "tool_choice": {"type": "tool", "name": "write"}}, "tool_choice", TOOLS),
    ({"tools": [TOOL], "tool_choice": {"type": "best"}}, "tool_choice.type", TOOLS),
    ({"tools": [TOOL], "tool_choice": {"type": "auto", "most": 2}}, "tool_choice.most", TOOLS),
]  # fmt: skip


@pytest.mark.parametrize(("given", "param", "_"), UNTOLD)
def test_a_parameter_that_cannot_be_said_is_refused(given: Json, param: str, _: Json) -> None:
    with pytest.raises(UnsupportedParameter) as caught:
        translated(given)
    assert caught.value.param == param


@pytest.mark.parametrize(("given", "param", "expected"), UNTOLD)
def test_a_parameter_that_cannot_be_said_is_left_out_on_demand(
    given: Json, param: str, expected: Json
) -> None:
    made = translated(given, drop=True)
    assert made.dropped == (param,)
    assert added(made.body) == expected


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("gpt-4o", "max_tokens"),
        ("gpt-4.1-mini", "max_tokens"),
        ("gpt-3.5-turbo", "max_tokens"),
        ("gpt-oss:20b", "max_tokens"),
        ("llama3.1:8b", "max_tokens"),
        ("olmo2", "max_tokens"),
        ("openai/gpt-oss-120b", "max_tokens"),
        ("gpt-5", "max_completion_tokens"),
        ("gpt-6-astra", "max_completion_tokens"),
        ("openai/gpt-5.1", "max_completion_tokens"),
        ("ft:gpt-5-mini:acme::1", "max_completion_tokens"),
        ("o4-mini", "max_completion_tokens"),
    ],
)
def test_the_cap_has_the_name_that_the_model_heeds(model: str, name: str) -> None:
    body = translated({}, model).body
    assert {key: value for key, value in body.items() if key.startswith("max_")} == {name: 10}


@pytest.mark.parametrize("drop", [True, False])
@pytest.mark.parametrize("thread", [{"type": "create"}, {"type": "continue", "id": "thread_1"}])
def test_a_thread_is_refused_with_what_tool_runners_look_for(thread: Json, drop: bool) -> None:
    with pytest.raises(UnsupportedThread) as caught:
        translated({"thread": thread}, drop=drop)
    body = dialects.as_dict(caught.value, "anthropic", "req_1")
    assert body["error"]["details"] == {"error_code": "thread_unsupported_request"}
    assert translated({"thread": None}).body == PLAIN


def test_the_callers_request_stays_as_it_is() -> None:
    schema: Any = {"type": "object", "properties": {"a": {}}}
    given = {"output_config": {"format": {"type": "json_schema", "schema": schema}}}
    translated({**given, "tools": [{**TOOL, "input_schema": schema, "strict": True}]})
    assert schema == {"type": "object", "properties": {"a": {}}}
