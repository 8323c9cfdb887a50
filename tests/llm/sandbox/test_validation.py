"""What the vendors' references show is taken, whatever the SDKs' types ask for."""

from __future__ import annotations

from typing import Any

import anthropic
import openai
import pytest

from tollgate_llm.sandbox.anthropic_api.messages import STABLE
from tollgate_llm.sandbox.errors import InvalidRequest
from tollgate_llm.sandbox.openai_api import chat, embeddings, responses

Json = dict[str, Any]
HELLO: Json = {"role": "user", "content": "Hi."}
CHAT: Json = {"model": "m", "messages": [HELLO]}
MESSAGES: Json = {"model": "m", "max_tokens": 10, "messages": [HELLO]}
NAMES = {
    "chat": (
        "user",
        "tools",
        "tool_choice",
        "response_format",
        "stop",
        "metadata",
        "stream",
        "stream_options",
        "parallel_tool_calls",
        "n",
        "seed",
        "audio",
        "temperature",
    ),
    "messages": (
        "metadata",
        "system",
        "stop_sequences",
        "stream",
        "thinking",
        "tools",
        "tool_choice",
        "temperature",
        "top_k",
        "output_config",
        "service_tier",
    ),
    "responses": (
        "user",
        "tools",
        "tool_choice",
        "text",
        "include",
        "metadata",
        "instructions",
        "stream",
        "stream_options",
        "truncation",
        "prompt_cache_key",
        "reasoning",
    ),
}
REASONING: Json = {"type": "reasoning", "summary": [], "encrypted_content": "gAAA"}
FUNCTION: Json = {"type": "function", "name": "now"}
NAMESPACE: Json = {"type": "namespace", "name": "clock", "tools": [FUNCTION]}


def said(**part: Any) -> Json:
    return {"role": "assistant", "content": [{"type": "output_text", "text": "Hi.", **part}]}


def shown(**part: Any) -> Json:
    return {"role": "user", "content": [{"type": "input_image", "image_url": "x", **part}]}


def test_null_says_nothing_in_chat_completions() -> None:
    chat.PARAMS.check({**CHAT, **dict.fromkeys(NAMES["chat"])})


def test_null_says_nothing_in_messages() -> None:
    STABLE.check({**MESSAGES, **dict.fromkeys(NAMES["messages"])})


def test_null_says_nothing_in_responses() -> None:
    responses.PARAMS.check({"model": "m", "input": "Hi.", **dict.fromkeys(NAMES["responses"])})


def test_null_says_nothing_in_nested_objects() -> None:
    function = {"name": "f", "description": None, "parameters": None, "strict": None}
    image = {"type": "image_url", "image_url": {"url": "x", "detail": None}}
    spoken = {"role": "assistant", "content": "Hi.", "name": None, "tool_calls": None}
    turns = [{**HELLO, "name": None}, spoken, {"role": "user", "content": [image]}]
    tools = [{"type": "function", "function": function}]
    chat.PARAMS.check(
        {**CHAT, "messages": turns, "tools": tools, "stream_options": {"include_usage": None}}
    )
    text = {"type": "text", "text": "Hi.", "cache_control": None, "citations": None}
    tool = {"name": "f", "input_schema": {"type": "object"}, "strict": None, "type": None}
    STABLE.check({**MESSAGES, "messages": [{"role": "user", "content": [text]}], "tools": [tool]})


@pytest.mark.parametrize("name", ["messages", "model"])
def test_null_for_what_is_required_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        chat.PARAMS.check({**CHAT, name: None})
    assert refused.value.param == (name,)


def test_null_for_what_only_the_api_requires_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="required"):
        responses.PARAMS.check({"model": None, "input": "Hi."})
    with pytest.raises(InvalidRequest):
        embeddings.PARAMS.check({"model": "m", "input": None})


@pytest.mark.parametrize(
    "item",
    [
        said(),
        {**said(), "type": "message"},
        said(annotations=None, logprobs=None),
        {**said(annotations=[]), "type": "message", "status": "completed"},
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]},
        shown(),
        shown(detail=None),
        {"type": "function_call_output", "call_id": "c", "output": shown()["content"]},
        REASONING,
        {**REASONING, "id": None},
    ],
)
def test_an_item_of_responses_needs_no_more_than_the_reference_shows(item: Json) -> None:
    responses.PARAMS.check({"model": "m", "input": [item]})


@pytest.mark.parametrize("tool", [FUNCTION, {**FUNCTION, "parameters": {}}, NAMESPACE])
def test_a_tool_of_responses_needs_no_more_than_the_reference_shows(tool: Json) -> None:
    responses.PARAMS.check({"model": "m", "input": "Hi.", "tools": [tool]})


@pytest.mark.parametrize("item", [{"role": "assistant", "content": [{"type": "output_text"}]}])
def test_an_output_text_without_a_text_is_refused(item: Json) -> None:
    with pytest.raises(InvalidRequest):
        responses.PARAMS.check({"model": "m", "input": [item]})


def test_the_sandbox_answers_what_is_full_of_nulls(
    openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic
) -> None:
    nothing: Any = None
    completion = openai_client.chat.completions.create(
        model="m",
        messages=[{"role": "user", "content": "Hi."}],
        extra_body=dict.fromkeys(NAMES["chat"], nothing),
    )
    assert completion.choices[0].message.content == "Hi."
    response = openai_client.responses.create(
        model="m", input="Hi.", extra_body=dict.fromkeys(NAMES["responses"], nothing)
    )
    assert response.output_text == "Hi."
    message = anthropic_client.messages.create(
        model="m",
        max_tokens=10,
        messages=[{"role": "user", "content": "Hi."}],
        extra_body=dict.fromkeys(NAMES["messages"], nothing),
    )
    assert [block.type for block in message.content] == ["text"]
