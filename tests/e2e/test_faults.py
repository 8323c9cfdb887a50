"""Providers in trouble of every kind, in every dialect: what the caller sees, and the one row that
each request has."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

import pytest

from tests.e2e.platform import Platform
from tests.e2e.silent import PATHS, Asked, own_provider
from tests.llm.inference.test_relay import ANSWER, DONE, HI, USAGE
from tests.llm.inference.test_resilience import BUSY, Script
from tests.llm.stand import Provider

DIALECTS = tuple(PATHS)
HASTY: dict[str, Any] = {"x-tollgate-timeout": "1.5"}
EVERYWHERE = ("says nothing", "half a body", "an error page")
PAUSE = 0.2
Steps = Callable[[Provider], list[Any]]


class Fault(NamedTuple):
    """What a provider does with every request."""

    name: str
    steps: Steps
    status: int


WHOLE = (
    Fault("hangs up", lambda _: [Provider.HANG_UP], 502),
    Fault("resets", lambda _: [Provider.RESET], 502),
    Fault("says nothing", lambda _: [], 504),
    Fault("talks nonsense", lambda _: [b"220 smtp.example.com ESMTP ready\r\n"], 502),
    Fault("half a head", lambda _: [b"HTTP/1.1 200 OK\r\ncontent-le", Provider.HANG_UP], 502),
    Fault("half a body", lambda p: [p.answers(ANSWER)[:-20], Provider.HANG_UP], 502),
    Fault("half a body, reset", lambda p: [p.answers(ANSWER)[:-20], Provider.RESET], 502),
    Fault("half a body, then nothing", lambda p: [p.answers(ANSWER)[:-20]], 504),
    Fault("two lengths", lambda p: [p.answers(ANSWER, "content-length: 3")], 502),
    Fault("a length that is none", lambda _: [b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n{}"],
          502),
    Fault("an error page", lambda p: [p.answers(b"<html>", status="500 Oops")], 500),
)  # fmt: skip
STREAMED = (
    Fault("cut", lambda p: [p.streams(), p.chunk(HI), Provider.HANG_UP], 200),
    Fault("reset", lambda p: [p.streams(), p.chunk(HI), Provider.RESET], 200),
    Fault("cut in a chunk", lambda p: [p.streams(), p.chunk(HI + HI)[:-40], Provider.HANG_UP], 200),
    Fault("no chunk", lambda p: [p.streams(), p.chunk(HI), PAUSE, b"no size\r\n"], 200),
    Fault("then nothing", lambda p: [p.streams(), p.chunk(HI)], 200),
    Fault("without an end", lambda p: [p.streams(), *[p.chunk(HI) for _ in range(100_000)]], 200),
)


def ids(faults: tuple[Fault, ...]) -> list[str]:
    return [fault.name for fault in faults]


def in_turn(faults: tuple[Fault, ...]) -> list[Any]:
    """Each in one dialect after the other; in all of them where our own words end the answer."""
    return [
        pytest.param(fault, dialect, id=f"{fault.name}, {dialect}")
        for number, fault in enumerate(faults)
        for turn, dialect in enumerate(DIALECTS)
        if turn == number % len(DIALECTS) or fault.name in EVERYWHERE
    ]


def check_error(dialect: str, error: Any) -> None:
    """In the shape that the dialect's SDK knows."""
    assert error["error"]["message"]
    assert error["error"]["type"]
    if dialect == "anthropic":
        assert error["type"] == "error"


def check_last_event(dialect: str, body: bytes) -> None:
    """The stream's last event tells of the failure; nothing ends it as if it were whole."""
    *_, last = body.strip().split(b"\n\n")
    kind, _, data = last.rpartition(b"data: ")
    check_error(dialect, json.loads(data))
    assert kind == (b"" if dialect == "openai" else b"event: error\n")
    for end in (b"[DONE]", b"message_stop", b"response.completed", b'"finish_reason":"'):
        assert end not in body


@pytest.mark.parametrize(("fault", "dialect"), in_turn(WHOLE))
def test_a_whole_answer(platform: Platform, fault: Fault, dialect: str) -> None:
    key = platform.new_key(mode="live")
    with own_provider(platform) as (model, provider):
        provider.script = fault.steps(provider)
        hasty: dict[str, Any] = HASTY if fault.status == 504 else {}
        asked = Asked(platform, key, model, dialect, **hasty)
        answer = asked.answer()
        body = answer.read()
        asked.connection.close()
    assert answer.status == fault.status, body
    if fault.status == 500 and dialect != "anthropic":
        assert body == b"<html>"  # not translated, so not altered
    else:
        check_error(dialect, json.loads(body))
    row = asked.only_row()
    assert (row["status"], row["http_status"]) == ("provider_error", fault.status)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("fault", STREAMED, ids=ids(STREAMED))
def test_a_stream(platform: Platform, fault: Fault, dialect: str) -> None:
    key = platform.new_key(mode="live")
    with own_provider(platform) as (model, provider):
        provider.script = fault.steps(provider)
        asked = Asked(platform, key, model, dialect, stream=True, **HASTY)
        answer = asked.answer()
        body = answer.read()
        asked.connection.close()
    assert answer.status == 200
    assert b"hi there" in body or fault.name == "cut in a chunk"
    check_last_event(dialect, body)
    row = asked.only_row()
    assert (row["status"], row["estimated"]) == ("provider_error", True)
    assert row["input_tokens"] > 0


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_connection(platform: Platform, dialect: str, stream: bool) -> None:
    key = platform.new_key(mode="live")
    with own_provider(platform) as (model, provider):
        provider.close()
        asked = Asked(platform, key, model, dialect, stream)
        answer = asked.answer()
        check_error(dialect, json.loads(answer.read()))
        asked.connection.close()
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    row = asked.only_row()
    assert (row["status"], row["cost_usd"]) == ("provider_error", "0.000000000")


@contextmanager
def black_hole() -> Iterator[str]:
    """An address that answers no attempt to connect: its queue is full."""
    with ExitStack() as stack:
        hole = stack.enter_context(socket.socket())
        hole.bind(("127.0.0.1", 0))
        hole.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(hole.getsockname())
        yield f"http://127.0.0.1:{hole.getsockname()[1]}"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_black_hole(platform: Platform, dialect: str) -> None:
    key = platform.new_key(mode="live")
    with own_provider(platform) as (model, _), black_hole() as url:
        hole = {"kind": "openai", "base_url": url, "api_key": "none"}
        assert platform.api("PUT", f"/providers/{model}", json=hole).ok
        asked = Asked(platform, key, model, dialect, **HASTY)
        answer = asked.answer()
        body = answer.read()
        asked.connection.close()
    assert answer.status == 503, body
    check_error(dialect, json.loads(body))
    row = asked.only_row()
    assert (row["status"], row["attempts"]) == ("provider_error", 1)
    assert row["cost_usd"] == "0.000000000"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("first", ["busy", "gone"])
def test_a_provider_that_comes_and_goes(platform: Platform, first: str, stream: bool) -> None:
    """Every other request is answered: each caller's is, in the end."""
    key = platform.new_key(mode="live")
    with own_provider(platform) as (model, provider):
        busy = provider.answers(BUSY, "retry-after: 0", status="503 Busy")
        trouble = [busy] if first == "busy" else [Provider.RESET]
        well = [provider.answers(ANSWER, "content-type: application/json")]
        if stream:
            well = [provider.streams(), provider.chunk(HI + USAGE + DONE), b"0\r\n\r\n"]
        Script(provider, *[trouble, well] * 3)
        for _ in range(3):
            asked = Asked(platform, key, model, stream=stream)
            answer = asked.answer()
            assert answer.status == 200
            assert answer.read() in (ANSWER, HI + DONE)
            asked.connection.close()
            row = asked.row()
            assert (row["status"], row["attempts"]) == ("ok", 2)
            assert (row["input_tokens"], row["output_tokens"]) == (100, 10)
    assert platform.usage(key.project, mode="live")["requests"] == 3


def test_more_than_the_length_said(platform: Platform) -> None:
    """What is beyond it belongs to no answer, nor to the next one on that connection."""
    key = platform.new_key(mode="live")
    with own_provider(platform) as (model, provider):
        for extra in (b"", b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", b"and so on"):
            provider.script = [provider.answers(ANSWER) + extra]
            asked = Asked(platform, key, model)
            answer = asked.answer()
            body = answer.read()
            assert answer.status == 502 or (answer.status, body) == (200, ANSWER)
            asked.connection.close()
            assert asked.row()["status"] in ("ok", "provider_error")
    assert platform.usage(key.project, mode="live")["requests"] == 3


class Expected(NamedTuple):
    status: int
    booked: str
    estimated: bool = False
    error_event: bool = False


SANDBOX = {
    ("sandbox-slow", False): Expected(200, "ok"),
    ("sandbox-slow", True): Expected(200, "ok"),
    ("sandbox-error-429", False): Expected(429, "provider_error"),
    ("sandbox-error-429", True): Expected(429, "provider_error"),
    ("sandbox-error-500", False): Expected(500, "provider_error"),
    ("sandbox-error-500", True): Expected(500, "provider_error"),
    ("sandbox-error-503", False): Expected(503, "provider_error"),
    ("sandbox-error-503", True): Expected(503, "provider_error"),
    ("sandbox-timeout", False): Expected(504, "provider_error"),
    ("sandbox-timeout", True): Expected(504, "provider_error"),
    ("sandbox-cut", False): Expected(502, "provider_error", estimated=True),
    ("sandbox-cut", True): Expected(200, "provider_error", estimated=True, error_event=True),
    ("sandbox-overage", False): Expected(200, "ok"),
    ("sandbox-overage", True): Expected(200, "ok"),
    ("sandbox-nousage", False): Expected(200, "ok", estimated=True),
    ("sandbox-nousage", True): Expected(200, "ok", estimated=True),
}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(("model", "stream"), SANDBOX)
def test_the_sandboxs_models(platform: Platform, model: str, stream: bool, dialect: str) -> None:
    expected = SANDBOX[model, stream]
    slow = model in ("sandbox-timeout", "sandbox-error-429", "sandbox-error-503")
    hasty: dict[str, Any] = HASTY if slow else {}
    key = platform.new_key()
    asked = Asked(platform, key, model, dialect, stream, **hasty)
    answer = asked.answer()
    body = answer.read()
    asked.connection.close()
    assert answer.status == expected.status, body
    if expected.error_event:
        check_last_event(dialect, body)
    elif expected.status != 200:
        check_error(dialect, json.loads(body))
    row = asked.only_row()
    assert (row["status"], row["estimated"]) == (expected.booked, expected.estimated)
