"""The official OpenAI client, pointed at Tollgate by base URL and key alone."""

import asyncio

import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam
from pydantic import BaseModel

from tests.e2e.platform import Key, Platform

HELLO: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Hello, Tollgate!"}]


def test_a_chat_completion(platform: Platform, key: Key) -> None:
    with platform.openai(key.secret) as client:
        answer = client.chat.completions.create(model="gpt-4o-mini", messages=HELLO)
    assert answer.choices[0].message.content == "Hello, Tollgate!"
    assert answer.model == "gpt-4o-mini"
    assert answer.usage
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_a_streamed_chat_completion(platform: Platform, key: Key) -> None:
    with platform.openai(key.secret) as client:
        stream = client.chat.completions.create(model="gpt-4o-mini", messages=HELLO, stream=True)
        chunks = list(stream)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert text == "Hello, Tollgate!"
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert all(chunk.usage is None for chunk in chunks)


def test_the_usage_of_a_stream_is_there_for_who_asks(platform: Platform, key: Key) -> None:
    with platform.openai(key.secret) as client:
        chunks = list(
            client.chat.completions.create(
                model="gpt-4o-mini", messages=HELLO, stream=True,
                stream_options={"include_usage": True},
            )
        )  # fmt: skip
    assert chunks[-1].choices == []
    assert chunks[-1].usage
    assert chunks[-1].usage.completion_tokens > 0


def test_tools_and_structured_output(platform: Platform, key: Key) -> None:
    class Weather(BaseModel):
        city: str
        celsius: int

    with platform.openai(key.secret) as client:
        parsed = client.chat.completions.parse(
            model="gpt-4o-mini", messages=HELLO, response_format=Weather
        )
        called = client.chat.completions.create(
            model="gpt-4o-mini",
            messages=HELLO,
            tools=[{
                "type": "function",
                "function": {"name": "weather", "parameters": Weather.model_json_schema()},
            }],
        )  # fmt: skip
    assert isinstance(parsed.choices[0].message.parsed, Weather)
    assert called.choices[0].finish_reason == "tool_calls"
    [call] = called.choices[0].message.tool_calls or []
    assert call.type == "function"
    assert Weather.model_validate_json(call.function.arguments)


def test_a_response_whole_and_streamed(platform: Platform, key: Key) -> None:
    with platform.openai(key.secret) as client:
        whole = client.responses.create(model="gpt-4o", input="Say this back")
        events = list(client.responses.create(model="gpt-4o", input="Say this back", stream=True))
    assert whole.output_text == "Say this back"
    assert whole.usage
    assert events[0].type == "response.created"
    assert events[-1].type == "response.completed"
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert "".join(deltas) == "Say this back"


def test_embeddings(platform: Platform, key: Key) -> None:
    with platform.openai(key.secret) as client:
        answer = client.embeddings.create(model="text-embedding-3-small", input=["one", "two"])
    assert len(answer.data) == 2
    assert answer.data[0].embedding != answer.data[1].embedding
    assert answer.usage.prompt_tokens > 0


def test_the_asynchronous_client_whole_and_streamed(platform: Platform, key: Key) -> None:
    async def run() -> tuple[str | None, str]:
        async with platform.async_openai(key.secret) as client:
            whole, stream = await asyncio.gather(
                client.chat.completions.create(model="gpt-4o-mini", messages=HELLO),
                client.chat.completions.create(model="gpt-4o-mini", messages=HELLO, stream=True),
            )
            pieces = [chunk.choices[0].delta.content or "" async for chunk in stream]
        return whole.choices[0].message.content, "".join(pieces)

    assert asyncio.run(run()) == ("Hello, Tollgate!", "Hello, Tollgate!")


def test_models_are_listed_and_found(platform: Platform, key: Key) -> None:
    with platform.openai(key.secret) as client:
        names = {model.id for model in client.models.list()}
        assert client.models.retrieve("sandbox").id == "sandbox"
    assert "sandbox" in names


@pytest.mark.parametrize(
    ("model", "error", "status"),
    [
        ("sandbox-error-429", openai.RateLimitError, 429),
        ("sandbox-error-500", openai.InternalServerError, 500),
        ("sandbox-error-503", openai.InternalServerError, 503),
        ("no-such-model-anywhere", openai.NotFoundError, 404),
    ],
)
def test_an_error_is_the_exception_that_the_client_knows(
    platform: Platform, key: Key, model: str, error: type[openai.APIStatusError], status: int
) -> None:
    with platform.openai(key.secret) as client, pytest.raises(error) as raised:
        client.chat.completions.create(model=model, messages=HELLO)
    assert raised.value.status_code == status


def test_an_unknown_model_has_the_code_that_programs_look_for(platform: Platform, key: Key) -> None:
    with platform.openai(key.secret) as client, pytest.raises(openai.NotFoundError) as raised:
        client.chat.completions.create(model="no-such-model-anywhere", messages=HELLO)
    assert raised.value.code == "model_not_found"
    assert raised.value.param == "model"


def test_a_wrong_key_is_an_authentication_error(platform: Platform) -> None:
    with platform.openai("tg_test_wrong") as client, pytest.raises(openai.AuthenticationError):
        client.chat.completions.create(model="gpt-4o-mini", messages=HELLO)
