from __future__ import annotations

from typing import Any

import pytest

from tollgate_llm.sandbox.asks import Tool
from tollgate_llm.sandbox.choosing import Choice, chosen_tools
from tollgate_llm.sandbox.shapes import asked_shape, asks_for_json

TOOLS = [Tool(name) for name in ("get_time", "get_weather", "finish")]


def names(said: str, **choice: Any) -> list[str]:
    return [tool.name for tool in chosen_tools(TOOLS, Choice(message=said, **choice))]


class TestChosenTools:
    @pytest.mark.parametrize(
        ("said", "named"),
        [
            ("Call get_weather for Rome", ["get_weather"]),
            ("get_weather(Rome), then get_time(Rome)", ["get_weather", "get_time"]),
            ("What is the weather in Rome?", ["get_weather"]),
            ("What time is it?", ["get_time"]),
            ("Hello", ["get_time"]),
            ("my_get_weather, get_weather_2", ["get_weather"]),
        ],
    )
    def test_those_that_are_named_else_the_likest_else_the_first(
        self, said: str, named: list[str]
    ) -> None:
        assert names(said) == named

    def test_one_where_calls_may_not_be_parallel(self) -> None:
        assert names("get_weather and get_time", is_parallel=False) == ["get_weather"]

    def test_none_when_a_tool_has_answered(self) -> None:
        assert names("get_weather", is_result=True) == []

    def test_a_required_call_prefers_what_was_not_called_yet(self) -> None:
        asked = {"is_result": True, "must_call": True}
        assert names("It rains", called=["get_time"], **asked) == ["get_weather"]
        assert names("It rains", called=["get_time", "get_weather"], **asked) == ["finish"]
        assert names("It rains", called=["get_time", "get_weather", "finish"], **asked) == [
            "get_time"
        ]
        assert names("Call get_time again", called=["get_time"], **asked) == ["get_time"]

    def test_none_where_none_is_offered(self) -> None:
        assert chosen_tools([], Choice(message="Hello", must_call=True)) == ()


class TestAskedShape:
    def test_a_schema_in_the_text(self) -> None:
        schema = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}
        text = f"Answer in this schema: {str(schema).replace(chr(39), chr(34))}. Go."
        assert asked_shape(["What age?", text]) == schema

    def test_an_object_to_be_filled_in(self) -> None:
        assert asked_shape(['Like {"a": 1, "b": ["x"], "c": {"d": true}}.']) == {
            "type": "object",
            "properties": {
                "a": {"type": "integer"},
                "b": {"type": "array", "items": {"type": "string"}},
                "c": {
                    "type": "object",
                    "properties": {"d": {"type": "boolean"}},
                    "required": ["d"],
                },
            },
            "required": ["a", "b", "c"],
        }

    @pytest.mark.parametrize(
        "text",
        [
            "A JSON object with 'setup' and 'punchline' keys.",
            "Use the fields: `setup`, then `punchline`.",
            'Its properties are "setup" and "punchline"',
        ],
    )
    def test_names_of_keys(self, text: str) -> None:
        assert asked_shape([text])["required"] == ["setup", "punchline"]

    @pytest.mark.parametrize("text", ["", "As JSON", "{ broken", "{}", "It's a 'lock'"])
    def test_any_where_none_is_shown(self, text: str) -> None:
        assert asked_shape([text]) == {}

    def test_the_latest_text_with_a_shape_counts(self) -> None:
        assert asked_shape(["Hello", "the key 'a'", "the key 'b'"])["required"] == ["a"]

    def test_very_many_braces_end_soon(self) -> None:
        assert asked_shape(["{" * 1_000_000]) == {}


@pytest.mark.parametrize(
    ("text", "is_asked"),
    [
        ("Be brief.\nAnswer with one JSON object and nothing else.", True),
        ("Answer only in JSON.", True),
        ("Answer with JSON only", True),
        ('Of this schema: {"properties": {}}\nReturn the JSON, not its schema.', True),
        ("Of a schema\nReturn the JSON, not its schema.", False),
        ("Answer with one JSON object and nothing else.\nBe brief.", False),
        ("Only what JSON is, please?", False),
        ("Explain JSON.", False),
    ],
)
def test_a_system_prompt_asks_for_json_in_its_last_line(text: str, is_asked: bool) -> None:
    assert asks_for_json(text) is is_asked
