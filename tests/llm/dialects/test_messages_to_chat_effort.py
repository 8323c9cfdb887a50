"""How much a model is told to think: only where it reasons, at a level that it knows."""

from __future__ import annotations

import pytest

from tollgate_llm.dialects.messages_to_chat import TRANSLATION
from tollgate_llm.dialects.messages_to_chat.models import effort_for
from tollgate_llm.dialects.translation import Json, Translated, Wanted

EFFORTS = ("low", "medium", "high", "xhigh", "max")
USUAL = ("low", "medium", "high", "high", "high")
NOTHING = (None,) * 5
KNOWN: list[tuple[str, tuple[str | None, ...]]] = [
    ("gpt-5", USUAL),
    ("gpt-5-mini-2025-08-07", USUAL),
    ("openai/gpt-5.1", USUAL),
    ("gpt-5.1-codex-max", (*EFFORTS[:4], "xhigh")),
    ("gpt-5-pro", ("high",) * 5),
    ("gpt-5.5", (*EFFORTS[:4], "xhigh")),
    ("gpt-6-astra", (*EFFORTS[:4], "xhigh")),
    ("o3", USUAL),
    ("ft:o4-mini:acme::1", USUAL),
    ("gpt-oss:20b", USUAL),
    ("deepseek-reasoner", USUAL),
    ("deepseek/deepseek-r1", USUAL),
    ("Qwen/QwQ-32B", USUAL),
    ("Qwen3-30B-A3B-Thinking-2507", USUAL),
    ("magistral-medium-latest", USUAL),
    ("grok-3-mini", ("low", "low", "high", "high", "high")),
    ("my-own-model", USUAL),
    ("gpt-4o-mini", NOTHING),
    ("gpt-4.1", NOTHING),
    ("openai/gpt-3.5-turbo", NOTHING),
    ("chatgpt-4o-latest", NOTHING),
    ("gpt-5-chat-latest", NOTHING),
    ("gpt-5.2-chat-latest", NOTHING),
    ("o1-mini", NOTHING),
    ("grok-4", NOTHING),
    ("grok-4-fast-non-reasoning", NOTHING),
]


@pytest.mark.parametrize(("model", "expected"), KNOWN)
def test_an_effort_is_one_that_the_model_knows(
    model: str, expected: tuple[str | None, ...]
) -> None:
    assert tuple(effort_for(Wanted(model, 9), effort) for effort in EFFORTS) == expected


def test_minimal_effort_is_the_least_that_a_model_knows() -> None:
    levels = [effort_for(Wanted(model, 9), "minimal") for model in ("gpt-5", "o3")]
    assert levels == ["minimal", "low"]


@pytest.mark.parametrize(
    ("model", "reasons", "expected"),
    [("gpt-4o", True, "high"), ("mine", True, "high"), ("gpt-5", False, None), ("o3", False, None)],
)
def test_what_is_known_of_the_provider_goes_before_the_name(
    model: str, reasons: bool, expected: str | None
) -> None:
    assert effort_for(Wanted(model, 9, reasons=reasons), "high") == expected


def translated(model: str, **request_body: Json) -> Translated:
    messages = [{"role": "user", "content": "Hi."}]
    request = {"model": "small", "max_tokens": 10, "messages": messages, **request_body}
    return TRANSLATION.request(request, Wanted(model, 4096))


@pytest.mark.parametrize("model", ["gpt-4o-mini", "gpt-5", "o3", "gpt-5.5", "my-own-model"])
@pytest.mark.parametrize(
    "thinking", [{"type": "disabled"}, {"type": "adaptive"}, {"type": "adaptive", "display": None}]
)
def test_what_models_do_unasked_is_not_said(model: str, thinking: Json) -> None:
    made = translated(model, thinking=thinking)
    assert "reasoning_effort" not in made.body
    assert made.dropped == ()


@pytest.mark.parametrize("thinking", [None, {"type": "adaptive"}])
def test_an_effort_that_the_caller_names_is_told(thinking: Json) -> None:
    config = {"effort": "max"}
    made = translated("gpt-5.5", thinking=thinking, output_config=config)
    assert (made.body["reasoning_effort"], made.dropped) == ("xhigh", ())
    made = translated("my-own-model", thinking=thinking, output_config=config)
    assert (made.body["reasoning_effort"], made.dropped) == ("high", ())


@pytest.mark.parametrize(
    ("name", "request_body"),
    [
        ("output_config.effort", {"output_config": {"effort": "high"}}),
        ("thinking.budget_tokens", {"thinking": {"type": "enabled", "budget_tokens": 2000}}),
    ],
)
def test_a_model_that_does_not_reason_is_told_no_effort(name: str, request_body: Json) -> None:
    made = translated("gpt-4o-mini", **request_body)
    assert "reasoning_effort" not in made.body
    assert made.dropped == (name,)


def test_no_effort_is_asked_of_a_model_that_is_not_to_think() -> None:
    made = translated("gpt-5", thinking={"type": "disabled"}, output_config={"effort": "high"})
    assert "reasoning_effort" not in made.body
    assert made.dropped == ("output_config.effort",)
