from __future__ import annotations

import asyncio
from typing import Any

import anthropic
import httpx2
from pydantic import BaseModel

TEXT = "Hello, wide world!"
MESSAGES: Any = [{"role": "user", "content": TEXT}]


class Person(BaseModel):
    name: str
    age: int


TOOLS: Any = [
    {"name": "meet", "input_schema": Person.model_json_schema()},
    {"name": "part", "input_schema": {"type": "object"}},
]


def test_the_last_user_message_comes_back(anthropic_client: anthropic.Anthropic) -> None:
    message = anthropic_client.messages.create(
        model="claude", max_tokens=50, messages=MESSAGES, system="Be brief."
    )
    block: Any = message.content[0]
    assert block.text == TEXT
    assert (message.model, message.stop_reason) == ("claude", "end_turn")
    assert (message.usage.input_tokens, message.usage.output_tokens) == (8, 5)


def test_the_cap_cuts_the_answer(anthropic_client: anthropic.Anthropic) -> None:
    message = anthropic_client.messages.create(model="m", max_tokens=3, messages=MESSAGES)
    block: Any = message.content[0]
    assert (block.text, message.stop_reason) == ("Hello, wide", "max_tokens")
    assert message.usage.output_tokens == 3


def test_a_stop_sequence_is_named(anthropic_client: anthropic.Anthropic) -> None:
    message = anthropic_client.messages.create(
        model="m", max_tokens=50, messages=MESSAGES, stop_sequences=["!", " wide"]
    )
    block: Any = message.content[0]
    assert block.text == "Hello,"
    assert (message.stop_reason, message.stop_sequence) == ("stop_sequence", " wide")


def test_a_stream_has_every_event_in_order(http: httpx2.Client) -> None:
    answer = http.post(
        "/v1/messages",
        json={"model": "m", "max_tokens": 50, "messages": MESSAGES, "stream": True},
        headers={"x-api-key": "k", "anthropic-version": "2023-06-01"},
    )
    names = [line[7:] for line in answer.text.splitlines() if line.startswith("event: ")]
    assert names == [
        "message_start",
        "content_block_start",
        "ping",
        *["content_block_delta"] * 5,
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]


def test_the_stream_helper_accumulates(anthropic_client: anthropic.Anthropic) -> None:
    with anthropic_client.messages.stream(model="m", max_tokens=50, messages=MESSAGES) as stream:
        assert list(stream.text_stream) == ["Hello", ",", " wide", " world", "!"]
        message = stream.get_final_message()
    assert message.stop_reason == "end_turn"
    assert (message.usage.input_tokens, message.usage.output_tokens) == (5, 5)


def test_the_first_offered_tool_is_called(anthropic_client: anthropic.Anthropic) -> None:
    message = anthropic_client.messages.create(
        model="m", max_tokens=100, messages=MESSAGES, tools=TOOLS
    )
    block: Any = message.content[0]
    assert (block.type, block.name, message.stop_reason) == ("tool_use", "meet", "tool_use")
    Person.model_validate(block.input)


def test_the_chosen_tool_is_called(anthropic_client: anthropic.Anthropic) -> None:
    message = anthropic_client.messages.create(
        model="m",
        max_tokens=100,
        messages=MESSAGES,
        tools=TOOLS,
        tool_choice={"type": "tool", "name": "part"},
    )
    block: Any = message.content[0]
    assert block.name == "part"


def test_a_streamed_tool_call_accumulates(anthropic_client: anthropic.Anthropic) -> None:
    with anthropic_client.messages.stream(
        model="m", max_tokens=100, messages=MESSAGES, tools=TOOLS
    ) as stream:
        block: Any = stream.get_final_message().content[0]
    person = Person.model_validate(block.input)
    assert person.model_dump() == block.input


def test_an_agent_loop_ends_with_the_tools_result_as_text(
    anthropic_client: anthropic.Anthropic,
) -> None:
    first = anthropic_client.messages.create(
        model="m", max_tokens=100, messages=MESSAGES, tools=TOOLS
    )
    use: Any = first.content[0]
    result = {"type": "tool_result", "tool_use_id": use.id, "content": "Met."}
    called = {"role": "assistant", "content": [use.model_dump(exclude_none=True)]}
    history: Any = [*MESSAGES, called, {"role": "user", "content": [result]}]
    second = anthropic_client.messages.create(
        model="m", max_tokens=100, messages=history, tools=TOOLS
    )
    block: Any = second.content[0]
    assert (block.text, second.stop_reason) == ("Met.", "end_turn")


def test_the_tool_runner_goes_on_without_a_thread(anthropic_client: anthropic.Anthropic) -> None:
    """It asks for a conversation that the server holds, unless it is told that there is none."""

    @anthropic.beta_tool
    def meet(name: str) -> str:
        """Meet somebody."""
        return f"Met {name}."

    runner = anthropic_client.beta.messages.tool_runner(
        model="m", max_tokens=50, messages=[{"role": "user", "content": "Hello"}], tools=[meet]
    )
    [block] = runner.until_done().content
    assert block.type == "text"
    assert block.text == "Met text."


def test_a_json_schema_gets_an_instance(anthropic_client: anthropic.Anthropic) -> None:
    message = anthropic_client.messages.parse(
        model="m", max_tokens=100, messages=MESSAGES, output_format=Person
    )
    assert isinstance(message.parsed_output, Person)


def test_the_beta_client_is_served(anthropic_client: anthropic.Anthropic) -> None:
    message = anthropic_client.beta.messages.create(
        model="m", max_tokens=50, messages=MESSAGES, betas=["some-beta-2026-01-01"]
    )
    block: Any = message.content[0]
    assert block.text == TEXT


def test_tokens_are_counted_as_they_are_billed(anthropic_client: anthropic.Anthropic) -> None:
    counted = anthropic_client.messages.count_tokens(model="m", messages=MESSAGES, tools=TOOLS)
    billed = anthropic_client.messages.create(
        model="m", max_tokens=100, messages=MESSAGES, tools=TOOLS
    )
    assert counted.input_tokens == billed.usage.input_tokens


def test_async_clients_are_served_too(url: str) -> None:
    async def talk() -> str:
        async with anthropic.AsyncAnthropic(base_url=url, api_key="k") as client:
            manager = client.messages.stream(model="m", max_tokens=50, messages=MESSAGES)
            async with manager as stream:
                return await stream.get_final_text()

    assert asyncio.run(talk()) == TEXT
