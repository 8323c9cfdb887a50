"""Several tools called in one answer, whole and in pieces, as each vendor sends them."""

from __future__ import annotations

import json
from typing import Any

import anthropic
import openai
import pytest

SAID = "Call get_weather for Paris and get_time for Tokyo"
PLACE = {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]}
NAMES = ("get_time", "get_weather")
CALLS = [("get_weather", {"place": "Paris"}), ("get_time", {"place": "Tokyo"})]
MESSAGES: Any = [{"role": "user", "content": SAID}]
CHAT: Any = [{"type": "function", "function": {"name": n, "parameters": PLACE}} for n in NAMES]
RESPONSES: Any = [{"type": "function", "name": n, "parameters": PLACE} for n in NAMES]
MESSAGE: Any = [{"name": name, "input_schema": PLACE} for name in NAMES]


def test_a_chat_completion(openai_client: openai.OpenAI) -> None:
    asked: Any = {"model": "m", "messages": MESSAGES, "tools": CHAT}
    whole: Any = openai_client.chat.completions.create(**asked).choices[0].message.tool_calls
    with openai_client.chat.completions.stream(**asked) as stream:
        streamed: Any = stream.get_final_completion().choices[0].message.tool_calls
    for calls in (whole, streamed):
        made = [(call.function.name, json.loads(call.function.arguments)) for call in calls]
        assert made == CALLS
        assert len({call.id for call in calls}) == 2


def test_a_response(openai_client: openai.OpenAI) -> None:
    asked: Any = {"model": "m", "input": SAID, "tools": RESPONSES}
    whole: Any = openai_client.responses.create(**asked)
    with openai_client.responses.stream(**asked) as stream:
        streamed: Any = stream.get_final_response()
    for response in (whole, streamed):
        assert [(item.name, json.loads(item.arguments)) for item in response.output] == CALLS
        assert len({item.call_id for item in response.output}) == 2


def test_a_message(anthropic_client: anthropic.Anthropic) -> None:
    asked: Any = {"model": "m", "max_tokens": 100, "messages": MESSAGES, "tools": MESSAGE}
    with anthropic_client.messages.stream(**asked) as stream:
        streamed: Any = stream.get_final_message()
    for message in (anthropic_client.messages.create(**asked), streamed):
        assert [(block.name, block.input) for block in message.content] == CALLS
        assert message.stop_reason == "tool_use"


def test_one_where_calls_may_not_be_parallel(
    openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic
) -> None:
    chat: Any = openai_client.chat.completions.create(
        model="m", messages=MESSAGES, tools=CHAT, parallel_tool_calls=False
    )
    assert [call.function.name for call in chat.choices[0].message.tool_calls] == ["get_weather"]
    alone: Any = {"type": "auto", "disable_parallel_tool_use": True}
    message: Any = anthropic_client.messages.create(
        model="m", max_tokens=100, messages=MESSAGES, tools=MESSAGE, tool_choice=alone
    )
    assert [block.name for block in message.content] == ["get_weather"]


def test_the_cap_cuts_the_call_that_it_falls_into(openai_client: openai.OpenAI) -> None:
    completion: Any = openai_client.chat.completions.create(
        model="m", messages=MESSAGES, tools=CHAT, max_tokens=12
    )
    first, second = completion.choices[0].message.tool_calls
    assert json.loads(first.function.arguments) == {"place": "Paris"}
    assert second.function.arguments == '{"place'
    assert completion.choices[0].finish_reason == "length"
    assert completion.usage.completion_tokens == 12


@pytest.mark.parametrize("choice", ["auto", "required"])
def test_a_result_is_repeated_unless_a_call_is_required(
    openai_client: openai.OpenAI, choice: Any
) -> None:
    function: Any = {"name": "get_weather", "arguments": "{}"}
    history: Any = [
        {"role": "user", "content": "Weather?"},
        {
            "role": "assistant",
            "tool_calls": [{"id": "c", "type": "function", "function": function}],
        },
        {"role": "tool", "tool_call_id": "c", "content": "It rains."},
    ]
    completion: Any = openai_client.chat.completions.create(
        model="m", messages=history, tools=CHAT, tool_choice=choice
    )
    message = completion.choices[0].message
    if choice == "auto":
        assert message.content == "It rains."
    else:
        assert message.tool_calls[0].function.name == "get_time"
        assert json.loads(message.tool_calls[0].function.arguments) == {"place": "It rains."}


def test_json_is_of_the_shape_that_the_prompt_shows(
    openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic
) -> None:
    messages: Any = [{"role": "user", "content": "Ada is 36. JSON with the keys 'name', 'age'."}]
    form: Any = {"type": "json_object"}
    chat: Any = openai_client.chat.completions.create(
        model="m", messages=messages, response_format=form
    )
    response = openai_client.responses.create(model="m", input=messages, text={"format": form})
    message: Any = anthropic_client.messages.create(
        model="m", max_tokens=100, messages=messages, system="Answer in JSON and nothing else."
    )
    texts = (chat.choices[0].message.content, response.output_text, message.content[0].text)
    assert [set(json.loads(text)) for text in texts] == [{"name", "age"}] * 3


def test_arguments_are_drawn_from_the_last_text(
    openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic
) -> None:
    texts = ("<surroundings>The place is Rome</surroundings>", "The weather in Paris?")
    content: Any = [{"type": "text", "text": text} for text in texts]
    messages: Any = [{"role": "user", "content": content}]
    chat: Any = openai_client.chat.completions.create(model="m", messages=messages, tools=CHAT)
    [call] = chat.choices[0].message.tool_calls
    assert json.loads(call.function.arguments) == {"place": "Paris"}
    message: Any = anthropic_client.messages.create(
        model="m", max_tokens=100, messages=messages, tools=MESSAGE
    )
    assert [block.input for block in message.content] == [{"place": "Paris"}]
