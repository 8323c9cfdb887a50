from __future__ import annotations

import pytest

from tests.llm.dialects.chat_to_messages_parameters import (
    ASKED,
    FORMAT,
    NEW,
    OLD,
    SCHEMA,
    body_of,
)
from tollgate_llm.dialects.chat_to_messages import TRANSLATION
from tollgate_llm.dialects.translation import Json, Wanted

LOOK = {"type": "function", "function": {"name": "look", "parameters": SCHEMA}}
ADAPTIVE = {"type": "adaptive", "display": "summarized"}


EFFORTS = ("minimal", "low", "medium", "high", "xhigh", "max")


@pytest.mark.parametrize("effort", EFFORTS)
def test_new_models_are_told_the_effort(effort: str) -> None:
    assert body_of(NEW, reasoning_effort=effort, response_format=FORMAT) == {
        "max_tokens": 4096,
        "thinking": ADAPTIVE,
        "output_config": {
            "effort": "low" if effort == "minimal" else effort,
            "format": {"type": "json_schema", "schema": SCHEMA},
        },
    }


@pytest.mark.parametrize(
    ("effort", "budget"),
    [*zip(EFFORTS, (1024, 2000, 5000, 8000, 9000, 9000), strict=True)],
)
def test_old_models_get_a_share_of_the_cap(effort: str, budget: int) -> None:
    assert body_of(OLD, reasoning_effort=effort, max_completion_tokens=10_000) == {
        "max_tokens": 10_000,
        "thinking": {"type": "enabled", "budget_tokens": budget},
    }


@pytest.mark.parametrize("wanted", [NEW, OLD])
def test_thinking_can_be_turned_off(wanted: Wanted) -> None:
    made = body_of(wanted, reasoning_effort="none", tools=[LOOK], tool_choice="required")
    assert made["thinking"] == {"type": "disabled"}


@pytest.mark.parametrize(
    ("model", "samples", "adaptive", "refrains"),
    [
        ("claude-3-5-haiku-latest", True, False, True),
        ("claude-3-7-sonnet-20250219", True, False, True),
        ("claude-sonnet-4-20250514", True, False, True),
        ("claude-opus-4-5-20251101", True, False, True),
        ("anthropic.claude-sonnet-4-5-20250929-v1:0", True, False, True),
        ("claude-opus-4-6", True, True, True),
        ("claude-opus-4-7", False, True, True),
        ("claude-sonnet-5", False, True, True),
        ("claude-opus-5-5", False, True, False),
        ("claude-haiku-5-5", False, True, True),
        ("claude-fable-5-1", False, True, False),
        ("claude-mythos-preview", False, True, False),
        ("some-model", True, True, True),
    ],
)
def test_models_are_known_by_their_names(
    model: str, samples: bool, adaptive: bool, refrains: bool
) -> None:
    wanted = Wanted(model, 4096, drop=True)
    cool = TRANSLATION.request({**ASKED, "temperature": 0.5}, wanted)
    assert cool.dropped == (() if samples else ("temperature",))
    assert cool.body.get("temperature") == (0.5 if samples else None)
    thinking = TRANSLATION.request({**ASKED, "reasoning_effort": "low"}, wanted).body["thinking"]
    assert thinking["type"] == ("adaptive" if adaptive else "enabled")
    calm = TRANSLATION.request({**ASKED, "reasoning_effort": "none"}, wanted)
    assert calm.dropped == (() if refrains else ("reasoning_effort",))


CALL = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
CALLED = {"role": "assistant", "tool_calls": [CALL]}
THOUGHT = {"type": "thinking", "thinking": "Hm.", "signature": "sig"}
CALLED_AFTER_THOUGHT = {**CALLED, "thinking_blocks": [THOUGHT]}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "blue"}
ANSWERED = {"role": "assistant", "content": "Blue."}


@pytest.mark.parametrize(
    ("wanted", "turns", "thinks"),
    [
        (OLD, [CALLED, RESULT], False),
        (OLD, [CALLED_AFTER_THOUGHT, RESULT], True),
        (OLD, [CALLED_AFTER_THOUGHT, RESULT, CALLED, RESULT], True),
        (OLD, [CALLED, RESULT, ANSWERED, *ASKED["messages"]], True),
        (OLD, [ANSWERED], True),
        (NEW, [CALLED, RESULT], True),
    ],
)
def test_old_models_go_on_thinking_only_from_their_own_thoughts(
    wanted: Wanted, turns: list[Json], thinks: bool
) -> None:
    messages = [*ASKED["messages"], *turns]
    request = {**ASKED, "messages": messages, "tools": [LOOK], "reasoning_effort": "low"}
    translated = TRANSLATION.request(request, wanted._replace(drop=True))
    assert translated.dropped == (() if thinks else ("reasoning_effort",))
    assert ("thinking" in translated.body) == thinks
