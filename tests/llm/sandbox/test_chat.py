from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx2
import openai
import pytest
from pydantic import BaseModel

TEXT = "Hello, wide world!"
PIECES = ["Hello", ",", " wide", " world", "!"]
MESSAGES: Any = [{"role": "user", "content": TEXT}]


class Person(BaseModel):
    name: str
    age: int


TOOLS: Any = [
    {"type": "function", "function": {"name": "meet", "parameters": Person.model_json_schema()}},
    {"type": "function", "function": {"name": "part", "parameters": {"type": "object"}}},
]


def test_the_last_user_message_comes_back(openai_client: openai.OpenAI) -> None:
    messages: Any = [{"role": "system", "content": "Be brief."}, *MESSAGES]
    completion = openai_client.chat.completions.create(model="gpt-5", messages=messages)
    assert completion.model == "gpt-5"
    assert completion.choices[0].message.content == TEXT
    assert completion.choices[0].finish_reason == "stop"
    assert completion.usage is not None
    assert completion.usage.prompt_tokens == 3 + 5
    assert completion.usage.completion_tokens == 5
    assert completion.usage.total_tokens == 13


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_the_cap_cuts_the_answer(openai_client: openai.OpenAI, name: str) -> None:
    completion = openai_client.chat.completions.create(
        model="m", messages=MESSAGES, extra_body={name: 3}
    )
    assert completion.choices[0].message.content == "Hello, wide"
    assert completion.choices[0].finish_reason == "length"
    assert completion.usage is not None
    assert completion.usage.completion_tokens == 3


def test_a_stop_sequence_ends_the_answer(openai_client: openai.OpenAI) -> None:
    completion = openai_client.chat.completions.create(model="m", messages=MESSAGES, stop=" wide")
    assert completion.choices[0].message.content == "Hello,"
    assert completion.choices[0].finish_reason == "stop"


def test_each_choice_is_answered_and_counted(openai_client: openai.OpenAI) -> None:
    completion = openai_client.chat.completions.create(model="m", messages=MESSAGES, n=3)
    assert [choice.index for choice in completion.choices] == [0, 1, 2]
    assert {choice.message.content for choice in completion.choices} == {TEXT}
    assert completion.usage is not None
    assert completion.usage.completion_tokens == 15


def test_a_stream_sends_role_pieces_finish_usage(openai_client: openai.OpenAI) -> None:
    chunks = list(
        openai_client.chat.completions.create(
            model="m", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
        )
    )
    deltas = [chunk.choices[0].delta for chunk in chunks[:-1]]
    assert (deltas[0].role, deltas[0].content) == ("assistant", "")
    assert [delta.content for delta in deltas[1:-1]] == PIECES
    assert deltas[-1].content is None
    assert [chunk.choices[0].finish_reason for chunk in chunks[:-1]] == [None] * 6 + ["stop"]
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 5
    assert all(chunk.usage is None for chunk in chunks[:-1])
    assert len({chunk.id for chunk in chunks}) == 1


def test_a_stream_ends_with_done_and_has_no_usage_unasked(http: httpx2.Client) -> None:
    body = {"model": "m", "messages": MESSAGES, "stream": True}
    answer = http.post("/v1/chat/completions", json=body, headers={"authorization": "Bearer k"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    lines = [line for line in answer.text.split("\n\n") if line]
    assert lines[-1] == "data: [DONE]"
    assert all("usage" not in json.loads(line.removeprefix("data: ")) for line in lines[:-1])


def test_streamed_choices_take_turns(openai_client: openai.OpenAI) -> None:
    chunks = openai_client.chat.completions.create(model="m", messages=MESSAGES, n=2, stream=True)
    texts = ["", ""]
    for chunk in chunks:
        texts[chunk.choices[0].index] += chunk.choices[0].delta.content or ""
    assert texts == [TEXT, TEXT]


def test_the_first_offered_tool_is_called_with_fitting_arguments(
    openai_client: openai.OpenAI,
) -> None:
    completion = openai_client.chat.completions.create(model="m", messages=MESSAGES, tools=TOOLS)
    choice = completion.choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content is None
    assert choice.message.tool_calls is not None
    call: Any = choice.message.tool_calls[0]
    assert call.function.name == "meet"
    Person.model_validate_json(call.function.arguments)


def test_the_chosen_tool_is_called(openai_client: openai.OpenAI) -> None:
    chosen: Any = {"type": "function", "function": {"name": "part"}}
    completion = openai_client.chat.completions.create(
        model="m", messages=MESSAGES, tools=TOOLS, tool_choice=chosen
    )
    calls: Any = completion.choices[0].message.tool_calls
    assert calls[0].function.name == "part"


def test_no_tool_is_called_when_none_may_be(openai_client: openai.OpenAI) -> None:
    completion = openai_client.chat.completions.create(
        model="m", messages=MESSAGES, tools=TOOLS, tool_choice="none"
    )
    assert completion.choices[0].message.content == TEXT


def test_a_streamed_tool_call_accumulates(openai_client: openai.OpenAI) -> None:
    with openai_client.chat.completions.stream(model="m", messages=MESSAGES, tools=TOOLS) as stream:
        kinds = {event.type for event in stream}
        message = stream.get_final_completion().choices[0].message
    assert "tool_calls.function.arguments.done" in kinds
    assert message.tool_calls is not None
    Person.model_validate_json(message.tool_calls[0].function.arguments)


def test_an_agent_loop_ends_with_the_tools_result_as_text(openai_client: openai.OpenAI) -> None:
    first = openai_client.chat.completions.create(model="m", messages=MESSAGES, tools=TOOLS)
    called: Any = first.choices[0].message
    result: Any = {"role": "tool", "tool_call_id": called.tool_calls[0].id, "content": "Met."}
    history: Any = [*MESSAGES, called.model_dump(exclude_none=True), result]
    second = openai_client.chat.completions.create(model="m", messages=history, tools=TOOLS)
    assert second.choices[0].message.content == "Met."
    assert second.choices[0].finish_reason == "stop"


def test_a_json_schema_gets_an_instance(openai_client: openai.OpenAI) -> None:
    completion = openai_client.chat.completions.parse(
        model="m", messages=MESSAGES, response_format=Person
    )
    assert isinstance(completion.choices[0].message.parsed, Person)


def test_a_streamed_json_schema_gets_an_instance(openai_client: openai.OpenAI) -> None:
    with openai_client.chat.completions.stream(
        model="m", messages=MESSAGES, response_format=Person
    ) as stream:
        assert isinstance(stream.get_final_completion().choices[0].message.parsed, Person)


def test_a_json_object_is_an_object(openai_client: openai.OpenAI) -> None:
    completion = openai_client.chat.completions.create(
        model="m", messages=MESSAGES, response_format={"type": "json_object"}
    )
    assert json.loads(completion.choices[0].message.content or "") == {"echo": TEXT}


def test_an_image_counts_a_fixed_number(openai_client: openai.OpenAI) -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 1000}}
    parts = [{"type": "text", "text": TEXT}, image]
    messages: Any = [{"role": "user", "content": parts}]
    completion = openai_client.chat.completions.create(model="m", messages=messages)
    assert completion.choices[0].message.content == TEXT
    assert completion.usage is not None
    assert completion.usage.prompt_tokens == 5 + 85


def test_async_clients_are_served_too(url: str) -> None:
    async def talk() -> tuple[str | None, str]:
        async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="k") as client:
            whole = await client.chat.completions.create(model="m", messages=MESSAGES)
            stream = await client.chat.completions.create(model="m", messages=MESSAGES, stream=True)
            pieces = [chunk.choices[0].delta.content or "" async for chunk in stream]
        return whole.choices[0].message.content, "".join(pieces)

    assert asyncio.run(talk()) == (TEXT, TEXT)


def test_fields_from_the_future_pass(openai_client: openai.OpenAI) -> None:
    completion = openai_client.chat.completions.create(
        model="m", messages=MESSAGES, extra_body={"brand_new": {"a": [1]}}
    )
    assert completion.choices[0].message.content == TEXT
