"""Tools that are called otherwise at the provider, and how their own names are found again."""

from __future__ import annotations

from typing import Any

import pytest

from tollgate_llm.dialects.messages_to_chat import TRANSLATION as MESSAGES
from tollgate_llm.dialects.messages_to_chat.names import original_names as messages_names
from tollgate_llm.dialects.registry import between
from tollgate_llm.dialects.responses_to_chat import TRANSLATION as RESPONSES
from tollgate_llm.dialects.responses_to_chat.names import original_names as responses_names
from tollgate_llm.dialects.responses_to_chat.tools import custom_names
from tollgate_llm.dialects.tool_names import ToolName, flattened, provider_names, shortened
from tollgate_llm.dialects.translation import Json, Wanted
from tollgate_llm.sandbox.anthropic_api.messages import STABLE
from tollgate_llm.sandbox.openai_api import chat, responses

WANTED = Wanted("big", 4096)
SCHEMA: Json = {"type": "object", "properties": {}}
LONG = "mcp__a_server_with_quite_a_long_name__" + "look_at_this_" * 6
SHORT = shortened(LONG)
HELLO: Json = {"role": "user", "content": "Hi."}


@pytest.mark.parametrize("length", [1, 63, 64])
def test_a_name_that_fits_stays(length: int) -> None:
    assert shortened("n" * length) == "n" * length


@pytest.mark.parametrize("length", [65, 100, 128])
def test_a_long_name_is_a_readable_beginning_and_a_hash(length: int) -> None:
    name = ("read_file_" * 13)[:length]
    assert len(shortened(name)) == 64
    assert shortened(name)[:55] == name[:55]
    assert shortened(name) == shortened(name)
    assert shortened(name) != shortened(name[:-1] + "!")


def test_a_name_is_always_shortened_to_the_same() -> None:
    assert shortened("a" * 65) == "a" * 55 + "_635361c4"


@pytest.mark.parametrize(
    ("tool", "name"),
    [
        (ToolName("find"), "find"),
        (ToolName("find", "crm"), "crm__find"),
        (ToolName("_find", "mcp__crm__"), "mcp__crm___find"),
        (ToolName("find", "my.crm"), "my_crm__find"),
    ],
)
def test_a_tool_in_a_namespace_has_one_name(tool: ToolName, name: str) -> None:
    assert flattened(tool) == name


def test_a_long_name_in_a_namespace_is_shortened() -> None:
    name = flattened(ToolName("f" * 60, "namespace"))
    assert (len(name), name[:12]) == (64, "namespace__f")


def test_no_two_tools_have_the_same_name() -> None:
    tools = [
        ToolName("crm__find"),
        ToolName("find", "crm"),
        ToolName("b__c", "a"),
        ToolName("c", "a__b"),
        ToolName("d", "a"),
    ]
    names = provider_names(tools)
    assert len(set(names.values())) == len(tools)
    assert names[tools[0]] == "crm__find"
    assert names[tools[4]] == "a__d"
    assert provider_names(reversed(tools)) == names


def use(name: str) -> Json:
    return {"type": "tool_use", "id": "toolu_1", "name": name, "input": {}}


def asked_of_messages(**fields: Any) -> Json:
    done = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "Done."}
    turns = [
        HELLO,
        {"role": "assistant", "content": [use(LONG)]},
        {"role": "user", "content": [done]},
    ]
    tools = [{"name": name, "input_schema": SCHEMA} for name in (LONG, "look")]
    return {"model": "small", "max_tokens": 10, "messages": turns, "tools": tools, **fields}


def test_long_names_of_messages_are_short_in_tools_choices_and_calls() -> None:
    request_body = asked_of_messages(tool_choice={"type": "tool", "name": LONG})
    STABLE.check(request_body)
    made = MESSAGES.request(request_body, WANTED)
    chat.PARAMS.check(made.body)
    assert [tool["function"]["name"] for tool in made.body["tools"]] == [SHORT, "look"]
    assert made.body["tool_choice"] == {"type": "function", "function": {"name": SHORT}}
    assert made.body["messages"][1]["tool_calls"][0]["function"]["name"] == SHORT
    assert made.dropped == ()


def test_long_names_of_messages_are_found_again() -> None:
    assert messages_names(asked_of_messages()) == {SHORT: LONG}
    assert messages_names(asked_of_messages(tools=None)) == {}


def test_a_long_name_that_a_search_has_found_is_short_too() -> None:
    found = [{"type": "tool_reference", "tool_name": LONG}]
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": found}
    turns = [
        HELLO,
        {"role": "assistant", "content": [use("look")]},
        {"role": "user", "content": [result]},
    ]
    made = MESSAGES.request(asked_of_messages(messages=turns), WANTED)
    assert made.body["messages"][2]["content"] == SHORT


FIND: Json = {
    "type": "function",
    "name": "find",
    "description": "Finds.",
    "parameters": SCHEMA,
    "strict": False,
}
RUN: Json = {"type": "custom", "name": "run"}
CRM: Json = {"type": "namespace", "name": "crm", "description": "Customers.", "tools": [FIND, RUN]}
CALL: Json = {
    "type": "function_call",
    "call_id": "c1",
    "name": "find",
    "namespace": "crm",
    "arguments": "{}",
}
RESULT: Json = {"type": "function_call_output", "call_id": "c1", "output": "Ada"}


def asked_of_responses(*items: Json, **fields: Any) -> Json:
    return {"model": "small", "input": [HELLO, *items], "tools": [CRM, FIND], **fields}


def made_of(request_body: Json) -> Json:
    responses.PARAMS.check(request_body)
    made = RESPONSES.request(request_body, WANTED)
    chat.PARAMS.check(made.body)
    assert made.dropped == ()
    return made.body


def test_a_namespace_is_flattened() -> None:
    functions = [tool["function"] for tool in made_of(asked_of_responses())["tools"]]
    assert [each["name"] for each in functions] == ["crm__find", "crm__run", "find"]
    told = [each.get("description") for each in functions]
    assert told == ["Customers.\n\nFinds.", "Customers.", "Finds."]
    assert functions[0]["parameters"] == SCHEMA


def test_a_namespace_is_flattened_for_anthropic_too() -> None:
    translation = between("/v1/responses", "anthropic")
    assert translation is not None
    body = translation.request(asked_of_responses(CALL, RESULT), WANTED).body
    STABLE.check(body)
    assert [tool["name"] for tool in body["tools"]] == ["crm__find", "crm__run", "find"]
    assert body["messages"][1]["content"][0]["name"] == "crm__find"


def test_tools_of_a_namespace_that_say_nothing_of_strict_are_held_to_their_schemas() -> None:
    loose = {name: FIND[name] for name in ("type", "name", "parameters")}
    request_body = asked_of_responses(tools=[{**CRM, "tools": [loose]}, FIND])
    assert [tool["function"].get("strict") for tool in made_of(request_body)["tools"]] == [
        True,
        None,
    ]


def test_earlier_calls_have_the_name_of_the_tool() -> None:
    custom = {
        "type": "custom_tool_call",
        "call_id": "c2",
        "name": "run",
        "namespace": "crm",
        "input": "x",
    }
    body = made_of(asked_of_responses(CALL, custom, RESULT))
    calls = [call["function"]["name"] for call in body["messages"][1]["tool_calls"]]
    assert calls == ["crm__find", "crm__run"]


def test_earlier_calls_to_tools_that_are_gone_have_the_name_that_they_had() -> None:
    body = made_of(asked_of_responses({**CALL, "namespace": "old"}, RESULT))
    assert body["messages"][1]["tool_calls"][0]["function"]["name"] == "old__find"


def test_a_namespace_or_tools_of_it_can_be_allowed() -> None:
    def allowed(entry: Json) -> list[str]:
        choice = {"type": "allowed_tools", "mode": "auto", "tools": [entry]}
        body = made_of(asked_of_responses(tool_choice=choice))
        return [tool["function"]["name"] for tool in body["tools"]]

    assert allowed({"type": "namespace", "name": "crm"}) == ["crm__find", "crm__run"]
    assert allowed({"type": "function", "name": "find", "namespace": "crm"}) == ["crm__find"]
    assert allowed({"type": "function", "name": "find"}) == ["find"]


def test_long_names_of_responses_are_short_in_tools_choices_and_calls() -> None:
    request_body = asked_of_responses(
        {**CALL, "name": LONG, "namespace": None},
        RESULT,
        tools=[{**FIND, "name": LONG}],
        tool_choice={"type": "function", "name": LONG},
    )
    body = made_of(request_body)
    assert body["tools"][0]["function"]["name"] == SHORT
    assert body["tool_choice"]["function"]["name"] == SHORT
    assert body["messages"][1]["tool_calls"][0]["function"]["name"] == SHORT
    assert responses_names(request_body) == {SHORT: ToolName(LONG)}


def test_the_names_of_a_namespace_are_found_again() -> None:
    assert responses_names(asked_of_responses()) == {
        "crm__find": ToolName("find", "crm"),
        "crm__run": ToolName("run", "crm"),
    }
    assert responses_names(asked_of_responses(tools=None)) == {}


def test_calls_to_custom_tools_of_a_namespace_are_known_by_their_name_at_the_provider() -> None:
    assert custom_names(asked_of_responses()) == {"crm__run"}
