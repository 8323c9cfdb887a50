from __future__ import annotations

import asyncio
from typing import Any

import openai
from pydantic import BaseModel

TEXT = "Hello, wide world!"


class Person(BaseModel):
    name: str
    age: int


TOOLS: Any = [
    {"type": "function", "name": "meet", "parameters": Person.model_json_schema(), "strict": True}
]


def test_a_text_comes_back(openai_client: openai.OpenAI) -> None:
    response = openai_client.responses.create(model="m", input=TEXT, instructions="Be brief.")
    assert response.output_text == TEXT
    assert response.status == "completed"
    assert response.instructions == "Be brief."
    assert response.usage is not None
    assert (response.usage.input_tokens, response.usage.output_tokens) == (8, 5)


def test_the_cap_makes_it_incomplete(openai_client: openai.OpenAI) -> None:
    response = openai_client.responses.create(model="m", input="word " * 30, max_output_tokens=16)
    assert response.output_text.split() == ["word"] * 16
    assert response.status == "incomplete"
    assert response.incomplete_details is not None
    assert response.incomplete_details.reason == "max_output_tokens"


def test_a_stream_has_every_event_in_order(openai_client: openai.OpenAI) -> None:
    events: list[Any] = list(openai_client.responses.create(model="m", input=TEXT, stream=True))
    assert [event.type.removeprefix("response.") for event in events] == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        *["output_text.delta"] * 5,
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert "".join(event.delta for event in events[4:9]) == TEXT
    assert events[-1].response.usage.output_tokens == 5
    assert events[0].response.usage is None


def test_a_capped_stream_ends_incomplete(openai_client: openai.OpenAI) -> None:
    events: list[Any] = list(
        openai_client.responses.create(
            model="m", input="word " * 30, max_output_tokens=16, stream=True
        )
    )
    assert events[-1].type == "response.incomplete"
    assert events[-1].response.output[0].status == "incomplete"


def test_a_tool_is_called_in_a_stream(openai_client: openai.OpenAI) -> None:
    with openai_client.responses.stream(model="m", input=TEXT, tools=TOOLS) as stream:
        kinds = [event.type.removeprefix("response.") for event in stream]
        call: Any = stream.get_final_response().output[0]
    assert kinds[2:4] == ["output_item.added", "function_call_arguments.delta"]
    assert kinds[-3:] == ["function_call_arguments.done", "output_item.done", "completed"]
    assert call.name == "meet"
    Person.model_validate_json(call.arguments)


def test_an_agent_loop_ends_with_the_tools_result_as_text(openai_client: openai.OpenAI) -> None:
    first = openai_client.responses.create(model="m", input=TEXT, tools=TOOLS)
    call: Any = first.output[0]
    assert call.type == "function_call"
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "Met."}
    history: Any = [{"role": "user", "content": TEXT}, call.model_dump(exclude_none=True), result]
    second = openai_client.responses.create(model="m", input=history, tools=TOOLS)
    assert second.output_text == "Met."


def test_a_tool_need_not_say_whether_it_is_strict(openai_client: openai.OpenAI) -> None:
    """The SDK's type insists on it, the API does not, and many clients leave it out."""
    tool: Any = {name: value for name, value in TOOLS[0].items() if name != "strict"}
    response = openai_client.responses.create(model="m", input=TEXT, tools=[tool])
    assert response.output[0].type == "function_call"


def test_a_json_schema_gets_an_instance(openai_client: openai.OpenAI) -> None:
    response = openai_client.responses.parse(model="m", input=TEXT, text_format=Person)
    assert isinstance(response.output_parsed, Person)


def test_async_streams_are_served_too(url: str) -> None:
    async def talk() -> str:
        async with (
            openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="k") as client,
            client.responses.stream(model="m", input=TEXT) as stream,
        ):
            return (await stream.get_final_response()).output_text

    assert asyncio.run(talk()) == TEXT
