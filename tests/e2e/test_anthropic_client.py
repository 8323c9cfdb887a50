"""The official Anthropic client, pointed at Tollgate by base URL and key alone."""

import asyncio

import anthropic
import pytest
from anthropic.types import MessageParam

from tests.e2e.platform import Key, Platform

MODEL = "claude-sonnet-5"
HELLO: list[MessageParam] = [{"role": "user", "content": "Hello, Tollgate!"}]


def text_of(message: anthropic.types.Message) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


def test_a_message(platform: Platform, key: Key) -> None:
    with platform.anthropic(key.secret) as client:
        answer = client.messages.create(model=MODEL, max_tokens=100, messages=HELLO)
    assert text_of(answer) == "Hello, Tollgate!"
    assert answer.stop_reason == "end_turn"
    assert answer.usage.input_tokens > 0


def test_a_message_cut_at_its_cap(platform: Platform, key: Key) -> None:
    with platform.anthropic(key.secret) as client:
        answer = client.messages.create(model=MODEL, max_tokens=1, messages=HELLO)
    assert answer.stop_reason == "max_tokens"
    assert answer.usage.output_tokens == 1


def test_a_streamed_message(platform: Platform, key: Key) -> None:
    with (
        platform.anthropic(key.secret) as client,
        client.messages.stream(model=MODEL, max_tokens=100, messages=HELLO) as stream,
    ):
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert text == "Hello, Tollgate!"
    assert text_of(final) == text
    assert final.usage.output_tokens > 0


def test_the_events_of_a_stream_come_in_order(platform: Platform, key: Key) -> None:
    with platform.anthropic(key.secret) as client:
        stream = client.messages.create(model=MODEL, max_tokens=9, messages=HELLO, stream=True)
        kinds = [event.type for event in stream]
    assert kinds[0] == "message_start"
    assert kinds[-2:] == ["message_delta", "message_stop"]
    assert kinds.index("content_block_start") < kinds.index("content_block_delta")


def test_a_tool_is_called(platform: Platform, key: Key) -> None:
    schema: dict[str, object] = {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    }
    with platform.anthropic(key.secret) as client:
        answer = client.messages.create(
            model=MODEL, max_tokens=100, messages=HELLO,
            tools=[{"name": "weather", "input_schema": schema}],
        )  # fmt: skip
    assert answer.stop_reason == "tool_use"
    [call] = [block for block in answer.content if block.type == "tool_use"]
    assert isinstance(call.input["city"], str)


def test_tokens_are_counted(platform: Platform, key: Key) -> None:
    with platform.anthropic(key.secret) as client:
        counted = client.messages.count_tokens(model=MODEL, messages=HELLO)
        answer = client.messages.create(model=MODEL, max_tokens=100, messages=HELLO)
    assert counted.input_tokens == answer.usage.input_tokens


def test_the_asynchronous_client_whole_and_streamed(platform: Platform, key: Key) -> None:
    async def run() -> tuple[str, str]:
        async with platform.async_anthropic(key.secret) as client:
            whole = await client.messages.create(model=MODEL, max_tokens=100, messages=HELLO)
            async with client.messages.stream(
                model=MODEL, max_tokens=100, messages=HELLO
            ) as stream:
                pieces = [piece async for piece in stream.text_stream]
        return text_of(whole), "".join(pieces)

    assert asyncio.run(run()) == ("Hello, Tollgate!", "Hello, Tollgate!")


def test_models_are_listed_in_the_clients_own_shape(platform: Platform, key: Key) -> None:
    with platform.anthropic(key.secret) as client:
        names = [model.id for model in client.models.list(limit=1000)]
    assert "sandbox" in names


@pytest.mark.parametrize(
    ("model", "error"),
    [
        ("sandbox-error-429", anthropic.RateLimitError),
        ("sandbox-error-500", anthropic.InternalServerError),
        ("no-such-model-anywhere", anthropic.NotFoundError),
    ],
)
def test_an_error_is_the_exception_that_the_client_knows(
    platform: Platform, key: Key, model: str, error: type[anthropic.APIStatusError]
) -> None:
    with platform.anthropic(key.secret) as client, pytest.raises(error) as raised:
        client.messages.create(model=model, max_tokens=5, messages=HELLO)
    assert raised.value.body["type"] == "error"  # type: ignore[index]


def test_a_wrong_key_is_an_authentication_error(platform: Platform) -> None:
    with (
        platform.anthropic("tg_test_wrong") as client,
        pytest.raises(anthropic.AuthenticationError),
    ):
        client.messages.create(model=MODEL, max_tokens=5, messages=HELLO)
