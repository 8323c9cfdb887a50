"""Anthropic's own `cache_control` where clients for several vendors put it in chat completions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.llm.dialects.chat_to_messages_asking import (
    CALL,
    EXPLICIT,
    THOUGHT,
    USE,
    USER,
    WANTED,
    assistant,
    body_of,
    result,
    text,
    user,
)
from tollgate_llm.dialects.chat_to_messages import TRANSLATION
from tollgate_llm.dialects.translation import Json

MARK: Json = {"type": "ephemeral"}
HOUR: Json = {"type": "ephemeral", "ttl": "1h"}
LOOK: Json = {"name": "look", "input_schema": {"type": "object", "properties": {}}}


def tool(**fields: Any) -> Json:
    return {"type": "function", "function": {"name": "look"}, **fields}


@pytest.mark.parametrize("mark", [MARK, HOUR, {"type": "ephemeral", "ttl": "5m"}])
def test_a_marked_part_is_a_marked_block(mark: Json) -> None:
    body = body_of({"role": "system", "content": [text("Be brief.", cache_control=mark)]}, USER)
    assert body["system"] == [text("Be brief.", cache_control=mark)]


def test_a_marked_message_marks_its_last_block() -> None:
    [turn] = body_of({**user(text("a"), text("b")), "cache_control": MARK})["messages"]
    assert turn["content"] == [text("a"), text("b", cache_control=MARK)]
    body = body_of({"role": "system", "content": "Be brief.", "cache_control": HOUR}, USER)
    assert body["system"] == [text("Be brief.", cache_control=HOUR)]


def test_the_mark_of_a_part_goes_before_that_of_its_message() -> None:
    [turn] = body_of({**user(text("a", cache_control=HOUR)), "cache_control": MARK})["messages"]
    assert turn["content"] == [text("a", cache_control=HOUR)]


def test_calls_and_results_are_marked_and_thoughts_are_not() -> None:
    called = assistant(tool_calls=[CALL], thinking_blocks=[THOUGHT], cache_control=MARK)
    turns = body_of(USER, called, {**result("blue"), "cache_control": MARK})["messages"]
    assert turns[1]["content"] == [THOUGHT, {**USE, "cache_control": MARK}]
    assert turns[2]["content"][0]["cache_control"] == MARK
    alone = assistant(content=None, thinking_blocks=[THOUGHT], cache_control=MARK)
    assert body_of(USER, alone, USER)["messages"][1]["content"] == [THOUGHT]


@pytest.mark.parametrize(
    "marked_tool",
    [tool(cache_control=MARK), tool(function={"name": "look", "cache_control": MARK})],
)
def test_a_marked_tool_stays_marked(marked_tool: Json) -> None:
    assert body_of(USER, tools=[marked_tool])["tools"] == [{**LOOK, "cache_control": MARK}]


def test_the_request_itself_may_be_marked() -> None:
    assert body_of(USER, cache_control=HOUR)["cache_control"] == HOUR


def test_the_last_four_marks_hold_those_of_tools_and_the_request_included() -> None:
    marked = text("a", cache_control=MARK)
    tools = [tool(cache_control=MARK)]
    body = body_of(user(marked, marked, marked, marked), tools=tools)
    assert body["tools"] == [LOOK]
    [turn] = body_of(user(marked, marked, marked, marked), cache_control=MARK)["messages"]
    assert [block.get("cache_control") for block in turn["content"]] == [None, MARK, MARK, MARK]


def test_both_vendors_marks_may_be_mixed() -> None:
    both = text("a", cache_control=HOUR, prompt_cache_breakpoint=EXPLICIT)
    [turn] = body_of(user(both, text("b", prompt_cache_breakpoint=EXPLICIT)))["messages"]
    assert turn["content"] == [
        text("a", cache_control=HOUR),
        text("b", cache_control=MARK),
    ]


@pytest.mark.parametrize(
    ("name", "request_body"),
    [
        (
            "messages.*.content.*.cache_control",
            {"messages": [user(text("a", cache_control={"type": "eternal"}))]},
        ),
        ("messages.*.cache_control", {"messages": [{**USER, "cache_control": True}]}),
        ("tools.*.cache_control", {"messages": [USER], "tools": [tool(cache_control="on")]}),
        ("cache_control", {"messages": [USER], "cache_control": "on"}),
    ],
)
def test_a_mark_of_no_known_kind_is_left_out(name: str, request_body: Json) -> None:
    made = TRANSLATION.request({"model": "small", **request_body}, WANTED)
    assert made.dropped == (name,)
    assert "cache_control" not in str(made.body)


def test_a_mark_of_no_known_lifetime_has_the_usual_one() -> None:
    [turn] = body_of(user(text("a", cache_control={**MARK, "ttl": "12h"})))["messages"]
    assert turn["content"] == [text("a", cache_control=MARK)]
