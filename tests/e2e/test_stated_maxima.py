"""What an organisation states of its own model bounds what a key with a budget reserves for it."""

import uuid
from typing import Any

import openai
import pytest

from tests.e2e.platform import Platform, eventually

PRICE = {"input_usd_per_mtok": "1", "output_usd_per_mtok": "900"}
SPOKEN: dict[str, Any] = {"voice": "alloy", "input": "one two three four"}


def put_model(platform: Platform, there: str, **stated: int) -> str:
    """Its name, once every process has heard of it."""
    name = f"own-{uuid.uuid4().hex[:8]}"
    body = {"routes": [{"provider": "openai", "model": there}], "price": PRICE, **stated}
    put = platform.api("PUT", f"/models/{name}", json=body)
    assert put.status_code == 200, put.text
    known = platform.new_key()

    def is_heard_of() -> bool:
        asked = {"model": name, "messages": [{"role": "user", "content": "x"}]}
        answers = [platform.post("/v1/chat/completions", asked, known.secret) for _ in range(4)]
        return all(answer.status_code == 200 for answer in answers)

    eventually(is_heard_of)
    return name


def speak(platform: Platform, model: str, secret: str) -> bytes:
    with platform.openai(secret) as client:
        return client.audio.speech.create(model=model, **SPOKEN).read()


def new_secret(platform: Platform) -> str:
    limits = [{"metric": "cost_usd", "window": "month", "max": "1.00"}]
    return platform.new_key(limits=limits).secret


def test_a_key_with_a_budget_can_call_it(platform: Platform) -> None:
    model = put_model(platform, "gpt-4o-mini-tts", max_output_tokens=1000)  # 90 cents at most
    assert speak(platform, model, new_secret(platform))


def test_what_is_stated_is_reserved(platform: Platform) -> None:
    model = put_model(platform, "gpt-4o-mini-tts", max_output_tokens=1200)  # 1.08 dollars at most
    with pytest.raises(openai.RateLimitError) as refused:
        speak(platform, model, new_secret(platform))
    assert refused.value.code == "limit_too_small"


def test_a_text_without_a_cap_of_its_own_may_be_as_long_as_stated(platform: Platform) -> None:
    asked = {"messages": [{"role": "user", "content": "x"}]}
    for most, status in ((1000, 200), (1200, 429)):
        model = put_model(platform, "gpt-4o-mini", max_output_tokens=most)
        answer = platform.post(
            "/v1/chat/completions", {"model": model, **asked}, new_secret(platform)
        )
        assert answer.status_code == status


def test_a_model_of_which_nothing_is_stated_stays_refused(platform: Platform) -> None:
    model = put_model(platform, "gpt-4o-mini-tts")
    with pytest.raises(openai.BadRequestError) as refused:
        speak(platform, model, new_secret(platform))
    assert refused.value.code == "unbounded_request"
