"""A provider says 200 and gives no answer: callers see an error or the next route's answer, and the
books have one row, which costs what was charged."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from typing import Any

import anthropic
import openai
import pytest

from tests.e2e.platform import Key, Platform
from tests.e2e.silent import MESSAGES, Asked, own_provider
from tests.llm.stand import Provider

OPENROUTER = b'{"error":{"message":"Provider returned error","code":502}}'
LIMITED = b'{"error":{"message":"Rate limited","code":429}}'
CLAUDE = b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'
FAILED = (
    b'{"id":"resp_1","object":"response","status":"failed","output":[],'
    b'"error":{"code":"server_error","message":"The model failed."}}'
)
PAGE = b"<html><body>502 Bad Gateway</body></html>"
COMMENT, DONE = b": OPENROUTER PROCESSING\n\n", b"data: [DONE]\n\n"
ANSWER = (
    b'{"id":"c","object":"chat.completion","created":1,"model":"theirs","choices":[{"index":0,'
    b'"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":100,"completion_tokens":10,"total_tokens":110}}'
)
CHUNK = (
    b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"theirs",'
    b'"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}]}\n\n'
)
USAGE = (
    b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"theirs",'
    b'"choices":[],"usage":{"prompt_tokens":100,"completion_tokens":10,"total_tokens":110}}\n\n'
)
COST = Decimal("0.000120")  # of 100 and 10 tokens at the sandbox's price
SHAPES: list[tuple[str, bytes, int]] = [
    ("openrouter", OPENROUTER, 502),
    ("limited", LIMITED, 429),
    ("empty", b"", 502),
    ("page", PAGE, 502),
]
each_shape = pytest.mark.parametrize(
    ("body", "status"), [shape[1:] for shape in SHAPES], ids=[shape[0] for shape in SHAPES]
)

Made = Callable[..., Any]


@pytest.fixture
def live(platform: Platform) -> Key:
    """A key that reaches providers."""
    return platform.new_key(mode="live")


@pytest.fixture
def two(platform: Platform) -> Iterator[tuple[str, Provider, Provider]]:
    """A model of two routes, and their providers."""
    with ExitStack() as stack:
        name, first = stack.enter_context(own_provider(platform))
        other, second = stack.enter_context(own_provider(platform))
        routes = [{"provider": each, "model": each} for each in (name, other)]
        price = {"input_usd_per_mtok": "1", "output_usd_per_mtok": "2"}
        body = {"routes": routes, "price": price}
        assert platform.api("PUT", f"/models/both-{name}", json=body).ok
        yield f"both-{name}", first, second
        assert platform.api("DELETE", f"/models/both-{name}").ok


def whole(provider: Provider, body: bytes) -> list[Any]:
    kind = "text/html" if body == PAGE else "application/json"
    return [provider.answers(body, f"content-type: {kind}", "retry-after: 0")]


def streamed(provider: Provider, *frames: bytes) -> list[Any]:
    return [provider.streams("retry-after: 0"), *map(provider.chunk, frames), b"0\r\n\r\n"]


def assert_unbilled(row: dict[str, Any], status: int) -> None:
    assert (row["status"], row["error"], row["http_status"]) == (
        "provider_error", "no_answer", status,
    )  # fmt: skip
    assert (row["input_tokens"], row["output_tokens"], row["estimated"]) == (0, 0, False)
    assert row["lines"] == []
    assert Decimal(row["cost_usd"]) == 0


@each_shape
def test_openais_client_raises_and_nothing_is_billed(
    platform: Platform, live: Key, body: bytes, status: int
) -> None:
    with own_provider(platform) as (model, provider), platform.openai(live.secret) as client:
        provider.script = whole(provider, body)
        with pytest.raises(openai.APIStatusError) as refused:
            client.chat.completions.create(model=model, messages=MESSAGES)  # type: ignore[arg-type]
        assert refused.value.status_code == status
        row = platform.row(refused.value.response.headers["x-request-id"])
        assert_unbilled(row, status)
        assert (row["attempts"], len(provider.received)) == (3, 3)
        assert platform.usage(live.project, mode="live")["requests"] == 1


@each_shape
def test_anthropics_client_raises_across_dialects(
    platform: Platform, live: Key, body: bytes, status: int
) -> None:
    with own_provider(platform) as (model, provider), platform.anthropic(live.secret) as client:
        provider.script = whole(provider, body)
        with pytest.raises(anthropic.APIStatusError) as refused:
            client.messages.create(model=model, max_tokens=5, messages=MESSAGES)  # type: ignore[arg-type]
        assert refused.value.status_code == status
        assert_unbilled(platform.row(refused.value.response.headers["x-request-id"]), status)


def test_a_failed_response_raises(platform: Platform, live: Key) -> None:
    with own_provider(platform) as (model, provider), platform.openai(live.secret) as client:
        provider.script = whole(provider, FAILED)
        with pytest.raises(openai.InternalServerError, match=r"The model failed\.") as refused:
            client.responses.create(model=model, input="x")
        assert_unbilled(platform.row(refused.value.response.headers["x-request-id"]), 500)


@each_shape
def test_the_next_route_answers(
    platform: Platform, live: Key, two: tuple[str, Provider, Provider], body: bytes, status: int
) -> None:
    assert status >= 429
    model, first, second = two
    first.script, second.script = whole(first, body), whole(second, ANSWER)
    asked = Asked(platform, live, model)
    answer = asked.answer()
    assert (answer.status, answer.read()) == (200, ANSWER)
    asked.connection.close()
    row = asked.only_row()
    assert (row["status"], row["attempts"]) == ("ok", 2)
    assert (row["input_tokens"], row["output_tokens"]) == (100, 10)
    assert Decimal(row["cost_usd"]) == COST


@pytest.mark.parametrize(
    "frames",
    [
        [COMMENT, b"data: " + OPENROUTER + b"\n\n", DONE],
        [COMMENT],
    ],
    ids=["error", "comment"],
)
def test_a_stream_that_does_not_begin_is_answered_by_the_next_route(
    platform: Platform, live: Key, two: tuple[str, Provider, Provider], frames: list[bytes]
) -> None:
    model, first, second = two
    first.script, second.script = streamed(first, *frames), streamed(second, CHUNK, USAGE, DONE)
    asked = Asked(platform, live, model, stream=True)
    answer = asked.answer()
    assert (answer.status, answer.read()) == (200, CHUNK + DONE)
    asked.connection.close()
    row = asked.only_row()
    assert (row["status"], row["attempts"], row["estimated"]) == ("ok", 2, False)
    assert Decimal(row["cost_usd"]) == COST


@pytest.mark.parametrize("dialect", ["openai", "responses", "anthropic"])
def test_a_stream_that_does_not_begin_has_an_error_status(
    platform: Platform, live: Key, dialect: str
) -> None:
    kind = "anthropic" if dialect == "anthropic" else "openai"
    error = CLAUDE if kind == "anthropic" else OPENROUTER
    with own_provider(platform, kind) as (model, provider):
        provider.script = streamed(provider, COMMENT, b"data: " + error + b"\n\n")
        asked = Asked(platform, live, model, dialect, stream=True)
        answer = asked.answer()
        status = 529 if kind == "anthropic" else 502
        assert (answer.status, json.loads(answer.read())) == (status, json.loads(error))
        assert answer.headers["content-type"] == "application/json"
        asked.connection.close()
        assert_unbilled(asked.only_row(), status)
