"""Errors, told by either vendor's kind of provider or by Tollgate itself, as the classes that
people catch: with the vendors' own SDKs, every status, in every dialect."""

from collections.abc import Callable, Iterator
from typing import Any

import anthropic
import openai
import pytest

from tests.e2e.platform import Key, Platform
from tests.e2e.refusing import SAID, STATUSES, refusing, type_of

OF_OPENAI: dict[int, type[openai.APIStatusError]] = {
    400: openai.BadRequestError,
    401: openai.AuthenticationError,
    403: openai.PermissionDeniedError,
    404: openai.NotFoundError,
    409: openai.ConflictError,
    413: openai.APIStatusError,
    422: openai.UnprocessableEntityError,
    429: openai.RateLimitError,
}
OF_ANTHROPIC: dict[int, type[anthropic.APIStatusError]] = {
    400: anthropic.BadRequestError,
    401: anthropic.AuthenticationError,
    403: anthropic.PermissionDeniedError,
    404: anthropic.NotFoundError,
    409: anthropic.ConflictError,
    413: anthropic.RequestTooLargeError,
    422: anthropic.UnprocessableEntityError,
    429: anthropic.RateLimitError,
    503: anthropic.ServiceUnavailableError,
    504: anthropic.DeadlineExceededError,
    529: anthropic.OverloadedError,
}
HELLO: Any = [{"role": "user", "content": "Hello"}]
CALLS: dict[str, Callable[[openai.OpenAI, str], Any]] = {
    "chat": lambda gpt, model: gpt.chat.completions.create(model=model, messages=HELLO),
    "chat stream": lambda gpt, model: gpt.chat.completions.create(
        model=model, messages=HELLO, stream=True
    ),
    "responses": lambda gpt, model: gpt.responses.create(model=model, input="Hello"),
    "responses stream": lambda gpt, model: gpt.responses.create(
        model=model, input="Hello", stream=True
    ),
}


@pytest.fixture(scope="module", params=["openai", "anthropic"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def name(platform: Platform, kind: str) -> Iterator[str]:
    with refusing(platform, kind) as name:
        yield name


@pytest.fixture(scope="module")
def live(platform: Platform) -> Key:
    return platform.new_key(mode="live")


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("call", CALLS)
def test_openais_classes(
    platform: Platform, live: Key, kind: str, name: str, call: str, status: int
) -> None:
    with platform.openai(live.secret) as gpt, pytest.raises(openai.APIStatusError) as raised:
        CALLS[call](gpt, f"{name}-{status}")
    error = raised.value
    assert type(error) is OF_OPENAI.get(status, openai.InternalServerError)
    assert (error.status_code, error.type) == (status, type_of("openai", status))
    assert SAID in error.message
    told = (error.code, error.param)
    told_by_us = ("rate_limit_exceeded" if status == 429 else "provider_refused", None)
    assert told == (("just_so", "messages") if kind == "openai" else told_by_us)
    assert error.request_id


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("stream", [False, True])
def test_anthropics_classes(
    platform: Platform, live: Key, name: str, stream: bool, status: int
) -> None:
    with (
        platform.anthropic(live.secret) as claude,
        pytest.raises(anthropic.APIStatusError) as raised,
    ):
        claude.messages.create(
            model=f"{name}-{status}", max_tokens=9, messages=HELLO, stream=stream
        )
    error = raised.value
    assert type(error) is OF_ANTHROPIC.get(status, anthropic.InternalServerError)
    assert (error.status_code, error.type) == (status, type_of("anthropic", status))
    assert SAID in error.message
    assert error.request_id


def test_a_conversation_that_is_too_long_has_the_code_that_people_look_for(
    platform: Platform, live: Key
) -> None:
    with (
        refusing(platform, "anthropic", "prompt is too long: 210000 > 200000") as name,
        platform.openai(live.secret) as gpt,
        pytest.raises(openai.BadRequestError) as raised,
    ):
        CALLS["chat"](gpt, f"{name}-400")
    assert raised.value.code == "context_length_exceeded"


def test_a_thread_that_nobody_keeps_is_a_class_of_its_own(
    platform: Platform, live: Key
) -> None:  # fmt: skip
    with (
        refusing(platform, "openai") as name,
        platform.anthropic(live.secret) as claude,
        pytest.raises(anthropic.types.ThreadUnsupportedRequestError),
    ):
        claude.messages.create(
            model=f"{name}-400", max_tokens=9, messages=HELLO,
            extra_body={"thread": {"type": "create"}},
        )  # fmt: skip


@pytest.mark.parametrize(
    ("scopes", "models", "status", "code"),
    [(["usage:read"], ["*"], 403, "permission_denied"), (None, ["other"], 403, None)],
)
def test_our_own_refusals(
    platform: Platform, scopes: list[str] | None, models: list[str], status: int, code: str | None
) -> None:
    more = {"scopes": scopes} if scopes else {}
    key = platform.new_key(models=models, **more)
    with platform.openai(key.secret) as gpt, pytest.raises(openai.PermissionDeniedError) as one:
        CALLS["chat"](gpt, "sandbox")
    with (
        platform.anthropic(key.secret) as claude,
        pytest.raises(anthropic.PermissionDeniedError) as other,
    ):
        claude.messages.create(model="sandbox", max_tokens=9, messages=HELLO)
    assert (one.value.status_code, other.value.status_code) == (status, status)
    assert (one.value.type, other.value.type) == ("permission_error", "permission_error")
    assert one.value.code == (code or one.value.code)
