from __future__ import annotations

import time
from typing import Any

import anthropic
import openai
import pytest

TEXT = "one two three four five six"
MESSAGES: Any = [{"role": "user", "content": TEXT}]


@pytest.mark.parametrize(
    ("model", "error"),
    [
        ("sandbox-error-429", "RateLimitError"),
        ("sandbox-error-500", "InternalServerError"),
        ("openai/sandbox-error-503", "InternalServerError"),
    ],
)
def test_openai_errors_have_their_class(
    openai_client: openai.OpenAI, model: str, error: str
) -> None:
    with pytest.raises(getattr(openai, error)) as refused:
        openai_client.chat.completions.create(model=model, messages=MESSAGES)
    assert str(refused.value.status_code) == model[-3:]
    with pytest.raises(getattr(openai, error)):
        openai_client.embeddings.create(model=model, input="a")


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("sandbox-error-429", "rate_limit_error"),
        ("sandbox-error-500", "api_error"),
        ("sandbox-error-503", "overloaded_error"),
    ],
)
def test_anthropic_errors_have_their_type(
    anthropic_client: anthropic.Anthropic, model: str, kind: str
) -> None:
    with pytest.raises(anthropic.APIStatusError) as refused:
        anthropic_client.messages.create(model=model, max_tokens=5, messages=MESSAGES, stream=True)
    assert str(refused.value.status_code) == model[-3:]
    assert refused.value.type == kind


def test_a_rate_limit_says_when_to_come_back(openai_client: openai.OpenAI) -> None:
    with pytest.raises(openai.RateLimitError) as refused:
        openai_client.responses.create(model="sandbox-error-429", input=TEXT)
    assert refused.value.response.headers["retry-after"] == "1"


def test_slow_takes_its_time_before_and_between(openai_client: openai.OpenAI) -> None:
    started = time.monotonic()
    stream = openai_client.chat.completions.create(
        model="sandbox-slow", messages=MESSAGES, stream=True
    )
    times = [time.monotonic() - started for _ in stream]
    assert times[0] >= 0.3
    assert times[-1] - times[0] >= 0.02 * 6


def test_a_timeout_never_answers(openai_client: openai.OpenAI) -> None:
    with pytest.raises(openai.APITimeoutError):
        openai_client.with_options(timeout=0.2).chat.completions.create(
            model="sandbox-timeout", messages=MESSAGES
        )


def test_a_cut_answer_breaks_off(openai_client: openai.OpenAI) -> None:
    with pytest.raises(openai.APIConnectionError):
        openai_client.chat.completions.create(model="sandbox-cut", messages=MESSAGES)


def test_a_cut_stream_dies_midway(openai_client: openai.OpenAI) -> None:
    stream = openai_client.chat.completions.create(
        model="sandbox-cut", messages=MESSAGES, stream=True
    )
    received = []
    with pytest.raises(openai.APIConnectionError):  # noqa: PT012 - it breaks within the loop
        for chunk in stream:
            received.append(chunk.choices[0].delta.content or "")  # noqa: PERF401
    assert "".join(received) == "one two three"


def test_an_overage_exceeds_the_cap_and_admits_it(
    openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic
) -> None:
    completion = openai_client.chat.completions.create(
        model="sandbox-overage", messages=MESSAGES, max_tokens=4
    )
    assert completion.usage is not None
    assert completion.usage.completion_tokens == 20
    text = completion.choices[0].message.content or ""
    assert text.startswith(f"{TEXT} {TEXT}")
    assert len(text.split()) == 20
    message = anthropic_client.messages.create(
        model="sandbox-overage", messages=MESSAGES, max_tokens=4
    )
    assert message.usage.output_tokens == 20


def test_nousage_says_nothing_of_usage(
    openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic
) -> None:
    model: Any = "sandbox-nousage"
    assert openai_client.chat.completions.create(model=model, messages=MESSAGES).usage is None
    assert openai_client.responses.create(model=model, input=TEXT).usage is None
    message: Any = anthropic_client.messages.create(model=model, max_tokens=50, messages=MESSAGES)
    assert message.usage is None
    events: list[Any] = list(
        anthropic_client.messages.create(model=model, max_tokens=50, messages=MESSAGES, stream=True)
    )
    assert not [event for event in events if getattr(event, "usage", None)]
    assert events[0].message.usage is None
    chunks = openai_client.chat.completions.create(
        model=model, messages=MESSAGES, stream=True, stream_options={"include_usage": True}
    )
    assert all(chunk.usage is None for chunk in chunks)
