"""What a provider signed comes back to it unchanged with the next turn, whole and streamed."""

from typing import Any

import pytest

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
from tollgate_llm.dialects.translation import Wanted

GEMINI = {"google": {"thought_signature": "c2lnbmVk"}}
ENCRYPTED = {"type": "reasoning.encrypted", "data": "opaque", "format": "v1", "index": 0}
CLAUDES = {"type": "reasoning.text", "text": "Hm.", "signature": "sig", "index": 1}
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
