"""What a provider signed comes back to it unchanged with the next turn, whole and streamed."""

from typing import Any

import pytest

from tests.llm.dialects.responses_to_chat_streaming import accumulated as final_response
from tests.llm.dialects.test_messages_to_chat_streams import accumulated
from tests.llm.dialects.test_odd_completions import (
    MESSAGES,
    Json,
    call,
    chunks,
    completion,
    streamed,
)
from tollgate_llm.dialects.messages_to_chat import TRANSLATION
from tollgate_llm.dialects.responses_to_chat import TRANSLATION as FROM_RESPONSES
from tollgate_llm.dialects.translation import Wanted

GEMINI = {"google": {"thought_signature": "c2lnbmVk"}}
ENCRYPTED = {"type": "reasoning.encrypted", "data": "opaque", "format": "v1", "index": 0}
CLAUDES = {"type": "reasoning.text", "text": "Hm.", "signature": "sig", "index": 1}
RESPONSES: Json = {"model": "small", "input": "hi"}
TOOLS = [{"name": "look", "input_schema": {"type": "object"}}]


def signed_call(name: str = "look", at: int = 0, **more: Any) -> Json:
    return {**call(name, '{"at":1}', f"call_{at}", at), **more}


def next_turn(content: Any) -> list[Json]:
    """What the provider gets when the caller sends the answer back."""
    results = [
        {"type": "tool_result", "tool_use_id": block["id"], "content": "found"}
        for block in content
        if block["type"] == "tool_use"
    ]
    request_body = {
        **MESSAGES,
        "tools": TOOLS,
        "messages": [
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": content},
            {"role": "user", "content": [*results, {"type": "text", "text": "go on"}]},
        ],
    }
    made = TRANSLATION.request(request_body, Wanted("m", 9))
    assert made.dropped == ()
    sent: list[Json] = made.body["messages"]
    return sent


CASES: list[tuple[Json, Json]] = [
    ({"tool_calls": [signed_call(extra_content=GEMINI)]}, {"extra": [GEMINI]}),
    (
        {"tool_calls": [signed_call(extra_content=GEMINI), signed_call(at=1)]},
        {"extra": [GEMINI, None]},
    ),
    ({"tool_calls": [signed_call()], "reasoning_details": [ENCRYPTED]}, {"details": [ENCRYPTED]}),
    (
        {
            "tool_calls": [signed_call()],
            "reasoning": "Hm.",
            "reasoning_details": [ENCRYPTED, CLAUDES],
        },
        {"details": [ENCRYPTED, CLAUDES]},
    ),
    ({"content": "Hello", "reasoning_details": [CLAUDES]}, {"details": [CLAUDES]}),
    (
        {"tool_calls": [signed_call(extra_content=GEMINI)], "reasoning_details": [ENCRYPTED]},
        {"extra": [GEMINI], "details": [ENCRYPTED]},
    ),
]


@pytest.mark.parametrize(("message", "wanted"), CASES)
@pytest.mark.parametrize("stream", [False, True])
def test_it_comes_back_to_its_provider(message: Json, wanted: Json, stream: bool) -> None:
    if stream:
        content = accumulated(streamed(TRANSLATION, MESSAGES, chunks(message)))["content"]
    else:
        content = TRANSLATION.answer(MESSAGES, completion(message))["content"]
    assert content[-1]["type"] in ("text", "tool_use")
    said = next(each for each in next_turn(content) if each["role"] == "assistant")
    assert said.get("reasoning_details") == wanted.get("details")
    extra = [each.get("extra_content") for each in said.get("tool_calls", ())]
    assert extra == wanted.get("extra", [None] * len(extra))


def test_details_grow_in_a_stream() -> None:
    pieces = [
        {"type": "reasoning.text", "text": "H", "index": 0},
        {"type": "reasoning.text", "text": "m.", "index": 0},
        {"type": "reasoning.text", "signature": "sig", "index": 0},
    ]
    deltas: list[Json] = [{"reasoning_details": [piece]} for piece in pieces]
    sent = chunks(*deltas, {"content": "Hello"})
    content = accumulated(streamed(TRANSLATION, MESSAGES, sent))["content"]
    said = next(each for each in next_turn(content) if each["role"] == "assistant")
    assert said["reasoning_details"] == [
        {"type": "reasoning.text", "text": "Hm.", "signature": "sig", "index": 0}
    ]


@pytest.mark.parametrize(
    "data", ["chat:signed:", "chat:signed:!!", "chat:signed:e30", "chat:signed:W10"]
)
def test_what_nobody_can_read_is_left_out(data: str) -> None:
    content = [{"type": "redacted_thinking", "data": data}, {"type": "text", "text": "Hello"}]
    said = next(each for each in next_turn(content) if each["role"] == "assistant")
    assert said == {"role": "assistant", "content": "Hello"}


def next_input(output: list[Json]) -> Json:
    """The assistant's message that the provider gets when the caller of responses goes on."""
    results = [
        {"type": "function_call_output", "call_id": item["call_id"], "output": "found"}
        for item in output
        if item["type"] == "function_call"
    ]
    items = [{"role": "user", "content": "hi"}, *output, *results]
    made = FROM_RESPONSES.request({**RESPONSES, "input": items}, Wanted("m", 9))
    assert made.dropped == ()
    assistant: Json = next(each for each in made.body["messages"] if each["role"] == "assistant")
    return assistant


@pytest.mark.parametrize(("message", "wanted"), CASES)
@pytest.mark.parametrize("stream", [False, True])
def test_it_comes_back_from_callers_of_responses(message: Json, wanted: Json, stream: bool) -> None:
    output = FROM_RESPONSES.answer(RESPONSES, completion(message))["output"]
    if stream:
        events = streamed(FROM_RESPONSES, RESPONSES, chunks(message))
        assert events[-1]["response"]["output"] == output
        numbered = [event["output_index"] for event in events if "item" in event]
        assert sorted(set(numbered)) == list(range(len(output)))
        _, final = final_response(events)
        assert [item.id for item in final.output] == [item["id"] for item in output]
    assert output[-1]["type"] in ("message", "function_call")
    assistant = next_input(output)
    assert assistant.get("reasoning_details") == wanted.get("details")
    extra = [each.get("extra_content") for each in assistant.get("tool_calls", ())]
    assert extra == wanted.get("extra", [None] * len(extra))


@pytest.mark.parametrize("content", ["tollgate-signed.", "tollgate-signed.!!", "gAAAAB"])
def test_what_nobody_has_packed_is_left_out_of_the_input(content: str) -> None:
    items = [
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": content},
        {"role": "assistant", "content": "Hello"},
    ]
    made = FROM_RESPONSES.request({**RESPONSES, "input": items}, Wanted("m", 9))
    assert made.body["messages"] == [{"role": "assistant", "content": "Hello"}]
    assert made.dropped == ("input.*.encrypted_content",)
