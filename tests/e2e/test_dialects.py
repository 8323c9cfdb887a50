"""Every dialect over every kind of provider, with the vendors' own SDKs: what the model says, in
which order it comes, what it is said to have used, and what is in the books."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import anthropic
import openai
import pytest
from pydantic import BaseModel

from tests.e2e.platform import Key, Platform
from tests.e2e.routed import model_at

SAID = "Tell me about tolls, please."
PIXEL = base64.b64encode(
    base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    )
).decode()
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"],
        "additionalProperties": False}  # fmt: skip
PROVIDERS = ("openai", "anthropic")


class City(BaseModel):
    city: str


@pytest.fixture(scope="module", params=PROVIDERS)
def model(request: pytest.FixtureRequest, platform: Platform) -> Iterator[str]:
    with model_at(platform, request.param) as name:
        yield name


@pytest.fixture(scope="module")
def live(platform: Platform) -> Key:
    return platform.new_key(mode="live")


@pytest.fixture
def gpt(platform: Platform, live: Key) -> Iterator[openai.OpenAI]:
    with platform.openai(live.secret) as client:
        yield client


@pytest.fixture
def claude(platform: Platform, live: Key) -> Iterator[anthropic.Anthropic]:
    with platform.anthropic(live.secret) as client:
        yield client


def check_books(platform: Platform, raw: Any, used: tuple[int, int]) -> None:
    """The ledger has what the SDK was told."""
    row = platform.row(raw.headers["x-request-id"])
    assert (row["input_tokens"], row["output_tokens"]) == used
    assert row["status"] == "ok"
    assert not row["estimated"]


class TestChat:
    def ask(self, **more: Any) -> dict[str, Any]:
        return {"messages": [{"role": "system", "content": "Be brief."},
                             {"role": "user", "content": SAID}], **more}  # fmt: skip

    def test_text(self, platform: Platform, gpt: openai.OpenAI, model: str) -> None:
        raw = gpt.chat.completions.with_raw_response.create(model=model, **self.ask())
        answer = raw.parse()
        assert SAID in str(answer.choices[0].message.content)
        assert answer.choices[0].finish_reason == "stop"
        assert answer.usage
        check_books(platform, raw, (answer.usage.prompt_tokens, answer.usage.completion_tokens))

    def test_stream(self, gpt: openai.OpenAI, model: str) -> None:
        options: Any = {"include_usage": True}
        with gpt.chat.completions.stream(
            model=model, **self.ask(), stream_options=options
        ) as stream:
            kinds = [event.type for event in stream]
            whole = stream.get_final_completion()
        assert SAID in str(whole.choices[0].message.content)
        assert kinds.index("content.delta") < kinds.index("content.done")
        assert whole.usage
        assert whole.usage.completion_tokens > 0

    def test_tools(self, gpt: openai.OpenAI, model: str) -> None:
        tool: Any = {"type": "function", "function": {"name": "weather", "parameters": CITY}}
        first = gpt.chat.completions.create(
            model=model, **self.ask(tools=[tool], tool_choice="required")
        ).choices[0]
        assert first.finish_reason == "tool_calls"
        assert first.message.tool_calls
        call: Any = first.message.tool_calls[0]
        assert json.loads(call.function.arguments).keys() == {"city"}
        messages = [*self.ask()["messages"], first.message.model_dump(exclude_none=True),
                    {"role": "tool", "tool_call_id": call.id, "content": "Sunny."}]  # fmt: skip
        second = gpt.chat.completions.create(model=model, messages=messages, tools=[tool])
        assert second.choices[0].finish_reason in ("stop", "tool_calls")

    def test_structured_output(self, gpt: openai.OpenAI, model: str) -> None:
        parsed = gpt.chat.completions.parse(model=model, **self.ask(), response_format=City)
        assert isinstance(parsed.choices[0].message.parsed, City)

    def test_images(self, gpt: openai.OpenAI, model: str) -> None:
        image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}
        content: Any = [{"type": "text", "text": SAID}, image]
        answer = gpt.chat.completions.create(
            model=model, messages=[{"role": "user", "content": content}]
        )
        assert SAID in str(answer.choices[0].message.content)

    def test_a_wrong_type_is_400_naming_the_field(self, gpt: openai.OpenAI, model: str) -> None:
        with pytest.raises(openai.BadRequestError) as refused:
            gpt.chat.completions.create(model=model, **self.ask(temperature="hot"))
        assert "temperature" in str(refused.value)


class TestResponses:
    def test_text(self, platform: Platform, gpt: openai.OpenAI, model: str) -> None:
        raw = gpt.responses.with_raw_response.create(
            model=model, input=SAID, instructions="Be brief."
        )
        answer = raw.parse()
        assert SAID in answer.output_text
        assert answer.status == "completed"
        assert answer.usage
        check_books(platform, raw, (answer.usage.input_tokens, answer.usage.output_tokens))

    def test_stream(self, gpt: openai.OpenAI, model: str) -> None:
        with gpt.responses.stream(model=model, input=SAID) as stream:
            events = list(stream)
            whole = stream.get_final_response()
        kinds = [event.type for event in events]
        assert kinds[0] == "response.created"
        assert kinds[-1] == "response.completed"
        numbers = [event.sequence_number for event in events]
        assert numbers == sorted(numbers)
        assert SAID in whole.output_text

    def test_tools(self, gpt: openai.OpenAI, model: str) -> None:
        tool: Any = {"type": "function", "name": "weather", "parameters": CITY, "strict": True}
        first = gpt.responses.create(model=model, input=SAID, tools=[tool], tool_choice="required")
        calls = [item for item in first.output if item.type == "function_call"]
        assert json.loads(calls[0].arguments).keys() == {"city"}
        turn: Any = [{"role": "user", "content": SAID}, *first.output,
                     {"type": "function_call_output", "call_id": calls[0].call_id,
                      "output": "Sunny."}]  # fmt: skip
        assert gpt.responses.create(model=model, input=turn, tools=[tool]).status == "completed"

    def test_structured_output(self, gpt: openai.OpenAI, model: str) -> None:
        parsed = gpt.responses.parse(model=model, input=SAID, text_format=City)
        assert isinstance(parsed.output_parsed, City)


class TestMessages:
    def ask(self, **more: Any) -> dict[str, Any]:
        return {"max_tokens": 200, "system": "Be brief.",
                "messages": [{"role": "user", "content": SAID}], **more}  # fmt: skip

    def test_text(self, platform: Platform, claude: anthropic.Anthropic, model: str) -> None:
        raw = claude.messages.with_raw_response.create(model=model, **self.ask())
        answer = raw.parse()
        assert SAID in getattr(answer.content[0], "text", "")
        assert answer.stop_reason == "end_turn"
        check_books(platform, raw, (answer.usage.input_tokens, answer.usage.output_tokens))

    def test_stream(self, claude: anthropic.Anthropic, model: str) -> None:
        with claude.messages.stream(model=model, **self.ask()) as stream:
            kinds = [event.type for event in stream]
            whole = stream.get_final_message()
        assert kinds[0] == "message_start"
        assert kinds[-1] == "message_stop"
        assert kinds.index("content_block_start") < kinds.index("content_block_stop")
        assert SAID in getattr(whole.content[0], "text", "")
        assert whole.usage.output_tokens > 0

    def test_tools(self, claude: anthropic.Anthropic, model: str) -> None:
        tool: Any = {"name": "weather", "input_schema": CITY}
        first = claude.messages.create(
            model=model, **self.ask(tools=[tool], tool_choice={"type": "any"})
        )
        assert first.stop_reason == "tool_use"
        call: Any = next(block for block in first.content if block.type == "tool_use")
        assert call.input.keys() == {"city"}
        result = {"type": "tool_result", "tool_use_id": call.id, "content": "Sunny."}
        messages: Any = [{"role": "user", "content": SAID},
                         {"role": "assistant", "content": first.content},
                         {"role": "user", "content": [result]}]  # fmt: skip
        second = claude.messages.create(
            model=model, max_tokens=200, messages=messages, tools=[tool]
        )
        assert second.stop_reason in ("end_turn", "tool_use")

    def test_images(self, claude: anthropic.Anthropic, model: str) -> None:
        source = {"type": "base64", "media_type": "image/png", "data": PIXEL}
        content: Any = [{"type": "image", "source": source}, {"type": "text", "text": SAID}]
        answer = claude.messages.create(
            model=model, max_tokens=200, messages=[{"role": "user", "content": content}]
        )
        assert SAID in getattr(answer.content[0], "text", "")

    def test_a_wrong_type_is_400_naming_the_field(
        self, claude: anthropic.Anthropic, model: str
    ) -> None:
        with pytest.raises(anthropic.BadRequestError) as refused:
            claude.messages.create(model=model, **self.ask(stop_sequences="x"))
        assert "stop" in str(refused.value)


def test_what_cannot_be_said_is_refused_by_name_or_dropped_and_listed(
    gpt: openai.OpenAI, model: str
) -> None:
    asked: Any = {"model": model, "messages": [{"role": "user", "content": SAID}],
                  "logit_bias": {"50256": -100}}  # fmt: skip
    if model.startswith("openai"):
        raw = gpt.chat.completions.with_raw_response.create(**asked)
        assert "x-tollgate-dropped-params" not in raw.headers
        return
    with pytest.raises(openai.BadRequestError) as refused:
        gpt.chat.completions.create(**asked)
    assert refused.value.param == "logit_bias"
    drop = {"x-tollgate-drop-params": "true"}
    raw = gpt.chat.completions.with_raw_response.create(**asked, extra_headers=drop)
    assert raw.headers["x-tollgate-dropped-params"] == "logit_bias"
    assert SAID in str(raw.parse().choices[0].message.content)


@pytest.mark.parametrize("trouble", ["error-429", "error-500"])
def test_a_providers_error_is_told_in_the_callers_dialect(
    platform: Platform, gpt: openai.OpenAI, claude: anthropic.Anthropic, model: str, trouble: str
) -> None:
    name = f"{model}-{trouble}"
    routes = [{"provider": model, "model": f"sandbox-{trouble}"}]
    assert platform.api("PUT", f"/models/{name}", json={"routes": routes}).ok
    status = int(trouble[-3:])
    messages: Any = [{"role": "user", "content": SAID}]
    with pytest.raises(openai.APIStatusError) as one:
        gpt.chat.completions.create(model=name, messages=messages)
    with pytest.raises(anthropic.APIStatusError) as other:
        claude.messages.create(model=name, max_tokens=10, messages=messages)
    assert (one.value.status_code, other.value.status_code) == (status, status)
    assert other.value.body["type"] == "error"  # type: ignore[index]
