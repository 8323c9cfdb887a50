from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from openai.types.responses import Response

from tests.llm.dialects.responses_to_chat_cases import Json, answers
from tollgate_llm.dialects.responses_to_chat import TRANSLATION
from tollgate_llm.dialects.translation import Wanted
from tollgate_llm.sandbox.openai_api import chat

ASKED: Json = {"model": "small", "input": "Hi."}
CALL = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": '{"a":1}'}}
USAGE = {
    "prompt_tokens": 30,
    "completion_tokens": 12,
    "total_tokens": 42,
    "prompt_tokens_details": {"cached_tokens": 8, "cache_write_tokens": 4, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 5},
}


def answer(message: Json, reason: str = "stop", **rest: Any) -> Json:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": reason}
    head = {"id": "chatcmpl-7f", "object": "chat.completion", "created": 17, "model": "qwen3"}
    return {**head, "choices": [choice], "usage": USAGE, **rest}


def response_to(answered: Json, **asked: Any) -> Json:
    """Checked against the SDK's model."""
    response = TRANSLATION.answer({**ASKED, **asked}, answered)
    Response.model_validate(response)
    return response


def text(said: str, **more: Any) -> Json:
    return {"type": "output_text", "text": said, "annotations": [], "logprobs": [], **more}


def message(*content: Json, at: int = 0, status: str = "completed") -> Json:
    item = {"type": "message", "id": f"msg_7f_{at}", "role": "assistant", "status": status}
    return {**item, "content": [*content]}


@settings(max_examples=150, deadline=None)
@given(answers())
def test_any_answer_is_a_response(answered: Json) -> None:
    response = Response.model_validate(TRANSLATION.answer(ASKED, answered))
    [choice] = answered["choices"]
    said = choice["message"]
    assert response.output_text == (said["content"] or "")
    calls = [item for item in response.output if item.type == "function_call"]
    assert [(call.call_id, call.name, call.arguments) for call in calls] == [
        (call["id"], *call["function"].values()) for call in said.get("tool_calls", [])
    ]
    summaries = [item.summary[0].text for item in response.output if item.type == "reasoning"]
    reasoning = said.get("reasoning_content") or said.get("reasoning")
    assert summaries == ([reasoning] if reasoning else [])
    refusals = [
        part.refusal
        for item in response.output
        if item.type == "message"
        for part in item.content
        if part.type == "refusal"
    ]
    assert refusals == ([said["refusal"]] if said.get("refusal") else [])
    usage, counted = response.usage, answered["usage"]
    assert usage is not None
    assert usage.input_tokens == counted["prompt_tokens"]
    assert usage.output_tokens == counted["completion_tokens"]
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens
    assert usage.input_tokens_details.cached_tokens <= usage.input_tokens
    assert usage.output_tokens_details.reasoning_tokens <= usage.output_tokens


@settings(max_examples=100, deadline=None)
@given(answers())
def test_an_answer_can_be_sent_back(answered: Json) -> None:
    was = answered["choices"][0]["message"]
    calls = was.get("tool_calls", [])
    results = [
        {"type": "function_call_output", "call_id": call["id"], "output": "blue"} for call in calls
    ]
    items = [*TRANSLATION.answer(ASKED, answered)["output"], *results]
    body = TRANSLATION.request({"model": "small", "input": items}, Wanted("qwen3", 9)).body
    if not was["content"] and not was.get("refusal") and not calls and body["messages"] == []:
        return  # It was cut off while reasoning.
    chat.PARAMS.check(body)
    back = body["messages"][0]
    assert back.get("tool_calls", []) == calls
    assert back.get("reasoning_content") == (was.get("reasoning_content") or was.get("reasoning"))
    if was["content"] and not was.get("refusal"):
        assert back["content"] == was["content"]


def test_a_text_is_a_message() -> None:
    response = response_to(answer({"content": "Hello."}, service_tier="flex"))
    assert response["id"] == "resp_7f"
    assert response["created_at"] == 17
    assert response["model"] == "small"
    assert response["status"] == "completed"
    assert response["service_tier"] == "flex"
    assert response["output"] == [message(text("Hello."))]
    assert response["usage"] == {
        "input_tokens": 30,
        "input_tokens_details": {"cached_tokens": 8, "cache_write_tokens": 4},
        "output_tokens": 12,
        "output_tokens_details": {"reasoning_tokens": 5},
        "total_tokens": 42,
    }


def test_reasoning_text_refusal_and_calls_are_items_in_this_order() -> None:
    said = {"reasoning_content": "Hm.", "content": "I see.", "refusal": "No.", "tool_calls": [CALL]}
    assert response_to(answer(said, "tool_calls"))["output"] == [
        {
            "type": "reasoning",
            "id": "rs_7f_0",
            "summary": [{"type": "summary_text", "text": "Hm."}],
        },
        message(text("I see."), {"type": "refusal", "refusal": "No."}, at=1),
        {
            "type": "function_call",
            "id": "fc_7f_2",
            "call_id": "call_1",
            "name": "look",
            "arguments": '{"a":1}',
            "status": "completed",
        },
    ]


@pytest.mark.parametrize(
    ("reason", "status", "details"),
    [
        ("stop", "completed", None),
        ("tool_calls", "completed", None),
        ("function_call", "completed", None),
        (None, "completed", None),
        ("length", "incomplete", {"reason": "max_output_tokens"}),
        ("content_filter", "incomplete", {"reason": "content_filter"}),
    ],
)
def test_an_answer_ends_as_it_ended(reason: str, status: str, details: Json | None) -> None:
    response = response_to(answer({"content": "Hello."}, reason))
    assert (response["status"], response["incomplete_details"]) == (status, details)
    assert response["output"] == [message(text("Hello."), status=status)]
    assert (response["completed_at"] is None) == (status == "incomplete")


def test_only_the_last_item_was_cut_off() -> None:
    second = {**CALL, "id": "call_2"}
    said = {"content": "I see.", "tool_calls": [CALL, second]}
    output = response_to(answer(said, "length"))["output"]
    assert [item["status"] for item in output] == ["completed", "completed", "incomplete"]


def test_a_custom_call_is_read_back() -> None:
    function = {"name": "run", "arguments": '{"input":"say é"}'}
    said = {"tool_calls": [{**CALL, "function": function}]}
    tools = [{"type": "custom", "name": "run"}]
    expected = {"type": "custom_tool_call", "id": "ctc_7f_0", "call_id": "call_1", "name": "run"}
    assert response_to(answer(said), tools=tools)["output"] == [{**expected, "input": "say é"}]


@pytest.mark.parametrize("arguments", ["", "free text", '{"other":"x"}', "[]", '{"input":3}'])
def test_a_custom_call_in_another_shape_is_passed_as_it_is(arguments: str) -> None:
    said = {"tool_calls": [{**CALL, "function": {"name": "run", "arguments": arguments}}]}
    [item] = response_to(answer(said), tools=[{"type": "custom", "name": "run"}])["output"]
    assert item["input"] == arguments


def test_logprobs_and_citations_belong_to_the_text() -> None:
    likely = {"token": "Hi", "bytes": [72, 105], "logprob": -0.5}
    tokens = [{**likely, "bytes": None, "top_logprobs": [likely]}]
    cited = {"start_index": 0, "end_index": 2, "title": "t", "url": "https://a.org"}
    said = {"content": "Hi", "annotations": [{"type": "url_citation", "url_citation": cited}]}
    answered = answer(said)
    answered["choices"][0]["logprobs"] = {"content": tokens, "refusal": None}
    [item] = response_to(answered)["output"]
    assert item["content"] == [
        text(
            "Hi",
            logprobs=[{**likely, "bytes": [], "top_logprobs": [likely]}],
            annotations=[{"type": "url_citation", **cited}],
        )
    ]


def test_a_response_repeats_the_request() -> None:
    echoed: Json = {
        "instructions": "Short.",
        "max_output_tokens": 20,
        "metadata": {"a": "b"},
        "parallel_tool_calls": False,
        "reasoning": {"effort": "low", "summary": "auto"},
        "temperature": 0.5,
        "text": {"format": {"type": "json_object"}},
        "tool_choice": {"type": "function", "name": "look"},
        "tools": [{"type": "function", "name": "look", "parameters": {}, "strict": False}],
        "top_p": 0.9,
        "user": "u",
    }
    response = response_to(answer({"content": "{}"}), **echoed)
    assert {name: response[name] for name in echoed} == echoed
    assert response["store"] is False


def test_nulls_are_repeated_as_defaults() -> None:
    nothing: Json = {"parallel_tool_calls": None, "reasoning": None, "metadata": None}
    response = response_to(answer({"content": "Hi."}), **nothing)
    assert response["parallel_tool_calls"] is True
    assert response["metadata"] == {}


def test_an_empty_answer_is_an_empty_text() -> None:
    assert response_to(answer({"content": None}))["output"] == [message(text(""))]


@pytest.mark.parametrize("call_id", [None, ""])
def test_a_call_without_an_id_gets_one(call_id: Any) -> None:
    calls = [{**CALL, "id": call_id, "index": 0}, {**CALL, "id": call_id, "index": 0}]
    output = response_to(answer({"tool_calls": calls}))["output"]
    assert [item["call_id"] for item in output] == ["call_7f_0", "call_7f_1"]


def test_an_answer_without_usage_has_none() -> None:
    assert response_to(answer({"content": "Hi."}, usage=None))["usage"] is None


@pytest.mark.parametrize("answered", [{}, {"choices": []}, {"error": {"message": "no"}}])
def test_what_is_no_completion_cannot_be_read(answered: Json) -> None:
    with pytest.raises((KeyError, IndexError)):
        TRANSLATION.answer(ASKED, answered)
