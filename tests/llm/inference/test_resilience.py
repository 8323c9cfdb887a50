"""Retries, fallbacks, pauses and deadlines, against providers on real sockets."""

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.llm.inference.test_relay import ANSWER, BODY, DONE, HI, USAGE, send
from tests.llm.stand import Provider, Stand

TOO_LONG = b'{"error":{"message":"too long","code":"context_length_exceeded"}}'
BUSY = b'{"error": {"message": "busy"}}'
BOTH = b'{"model":"both","messages":[]}'

Made = Callable[[str], Provider]


@pytest.fixture
def second(stand: Stand, org: str, provider: Provider) -> Iterator[Provider]:
    """Another provider; the model `both` goes to `own` and then to it."""
    made = Provider()
    body = {"kind": "openai", "base_url": f"{made.url}/v1", "api_key": "sk-second"}
    stand.manage("PUT", "/api/v1/providers/second", org, json=body)
    routes = [{"provider": "own", "model": "a"}, {"provider": "second", "model": "b"}]
    stand.manage("PUT", "/api/v1/models/both", org, json={"routes": routes})
    yield made
    made.close()


class Script:
    """Answers one after the other: the provider's script is what it does with every request."""

    def __init__(self, provider: Provider, *answers: list[Any]) -> None:
        self._answers = list(answers)
        self._provider = provider
        self._play = provider._play
        provider._play = self.play  # type: ignore[method-assign]

    def play(self, connection: Any) -> bool:
        self._provider.script = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return self._play(connection)


def status(answer: http.client.HTTPResponse, connection: http.client.HTTPConnection) -> int:
    answer.read()
    connection.close()
    return answer.status


@pytest.mark.parametrize("trouble", ["500 Oops", "503 Busy", "408 Slow", "529 Overloaded"])
def test_trouble_that_passes_is_tried_again(
    stand: Stand, org: str, provider: Provider, trouble: str
) -> None:
    Script(provider, [provider.answers(BUSY, "retry-after: 0", status=trouble)],
           [provider.answers(ANSWER)])  # fmt: skip
    ticket, answer, connection = send(stand, org, BODY)
    assert answer.headers["x-tollgate-attempts"] == "2"
    assert status(answer, connection) == 200
    assert (stand.outcome(org, ticket)["attempts"], len(provider.received)) == (2, 2)
    assert provider.received[0].body == provider.received[1].body


def test_the_pause_that_a_provider_asks_for_is_kept(
    stand: Stand, org: str, provider: Provider
) -> None:
    busy = provider.answers(BUSY, "retry-after-ms: 700", status="429 Too Many Requests")
    Script(provider, [busy], [provider.answers(ANSWER)])
    started = time.monotonic()
    _, answer, connection = send(stand, org, BODY)
    assert status(answer, connection) == 200
    assert time.monotonic() - started >= 0.7


def test_a_provider_that_stays_in_trouble_has_the_last_word(
    stand: Stand, org: str, provider: Provider
) -> None:
    provider.script = [provider.answers(BUSY, "retry-after: 0", "x-odd: 1", status="500 Oops")]
    ticket, answer, connection = send(stand, org, BODY)
    assert (answer.status, answer.headers["x-odd"], answer.read()) == (500, "1", BUSY)
    connection.close()
    outcome = stand.outcome(org, ticket)
    assert (outcome["attempts"], outcome["error"]) == (3, "http_500")


@pytest.mark.parametrize(
    "refusal",
    [("429 Too Many Requests", BUSY), ("500 Oops", BUSY), ("400 Bad Request", TOO_LONG)],
)
def test_the_next_route_is_asked_at_once(
    stand: Stand, org: str, provider: Provider, second: Provider, refusal: tuple[str, bytes]
) -> None:
    provider.script = [provider.answers(refusal[1], "retry-after: 5", status=refusal[0])]
    second.script = [second.answers(ANSWER)]
    started = time.monotonic()
    ticket, answer, connection = send(stand, org, BOTH)
    assert answer.headers["x-tollgate-provider"] == "second"
    assert status(answer, connection) == 200
    assert time.monotonic() - started < 4
    assert stand.outcome(org, ticket)["attempts"] == 2
    assert json.loads(second.received[0].body)["model"] == "b"


def test_a_refusal_of_the_request_goes_to_the_caller(
    stand: Stand, org: str, provider: Provider, second: Provider
) -> None:
    refusal = b'{"error": {"message": "no such parameter"}}'
    provider.script = [provider.answers(refusal, status="400 Bad Request")]
    _, answer, connection = send(stand, org, BOTH)
    assert (answer.status, answer.read()) == (400, refusal)
    connection.close()
    assert second.received == []


def test_a_provider_that_hangs_up_is_followed_by_the_next(
    stand: Stand, org: str, provider: Provider, second: Provider
) -> None:
    provider.script = [Provider.HANG_UP]
    second.script = [second.answers(ANSWER)]
    _, answer, connection = send(stand, org, BOTH)
    assert answer.headers["x-tollgate-provider"] == "second"
    assert status(answer, connection) == 200


def test_after_the_first_byte_nothing_is_tried_again(
    stand: Stand, org: str, provider: Provider, second: Provider
) -> None:
    provider.script = [provider.streams(), provider.chunk(HI), Provider.HANG_UP]
    ticket, answer, connection = send(stand, org, b'{"model":"both","stream":true,"messages":[]}')
    body = answer.read()
    connection.close()
    assert body.startswith(HI)
    assert b'"error"' in body[len(HI) :]
    assert second.received == []
    assert stand.outcome(org, ticket)["status"] == "provider_error"


def test_a_route_that_takes_no_connection_is_left_alone_for_a_while(
    stand: Stand, org: str, provider: Provider, second: Provider
) -> None:
    provider.close()
    second.script = [second.answers(ANSWER)]
    attempts = []
    for _ in range(8):
        _, answer, connection = send(stand, org, BOTH)
        attempts.append(answer.headers["x-tollgate-attempts"])
        assert status(answer, connection) == 200
    assert attempts == ["2"] * 5 + ["1"] * 3


def test_a_model_whose_only_route_is_down_is_503_at_once(
    stand: Stand, org: str, provider: Provider
) -> None:
    provider.close()
    for _ in range(2):
        _, answer, connection = send(stand, org, BODY)
        status(answer, connection)
    started = time.monotonic()
    ticket, answer, connection = send(stand, org, BODY)
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    status(answer, connection)
    assert time.monotonic() - started < 0.5
    assert stand.outcome(org, ticket)["attempts"] == 0


def test_the_callers_deadline_ends_the_waiting(stand: Stand, org: str, provider: Provider) -> None:
    provider.script = [threading.Event()]
    started = time.monotonic()
    _, answer, connection = send(stand, org, BODY, **{"x-tollgate-timeout": "0.4"})
    assert status(answer, connection) == 504
    assert time.monotonic() - started < 2


def test_a_caller_in_a_hurry_says_nothing_of_the_provider(
    stand: Stand, org: str, provider: Provider
) -> None:
    """Or else it could take the provider from everyone else."""
    provider.script = [threading.Event()]
    for _ in range(6):
        _, answer, connection = send(stand, org, BODY, **{"x-tollgate-timeout": "0.2"})
        assert status(answer, connection) == 504
    provider.script = [provider.answers(ANSWER)]
    _, answer, connection = send(stand, org, BODY)
    assert status(answer, connection) == 200


def test_the_callers_deadline_ends_a_stream_with_an_error_event(
    stand: Stand, org: str, provider: Provider
) -> None:
    provider.script = [provider.streams(), provider.chunk(HI), threading.Event()]
    body = b'{"model":"here","stream":true,"messages":[]}'
    ticket, answer, connection = send(stand, org, body, **{"x-tollgate-timeout": "0.6"})
    whole = answer.read()
    connection.close()
    assert whole.startswith(HI)
    assert b"provider_timeout" in whole
    assert stand.outcome(org, ticket)["error"] == "provider_timeout"


@pytest.mark.parametrize("wrong", ["soon", "0", "-1", "nan", "inf", "1e9", ""])
def test_a_deadline_that_is_none_is_400(
    stand: Stand, org: str, provider: Provider, wrong: str
) -> None:
    _, answer, connection = send(stand, org, BODY, **{"x-tollgate-timeout": wrong})
    assert answer.status == 400
    assert json.loads(answer.read())["error"]["param"] == "x-tollgate-timeout"
    connection.close()


def test_a_connection_outlives_the_deadline_of_a_call(
    stand: Stand, org: str, provider: Provider
) -> None:
    """The next call on it has a deadline of its own."""
    provider.script = [provider.streams(), provider.chunk(HI + USAGE + DONE), b"0\r\n\r\n"]
    body = b'{"model":"here","stream":true,"messages":[]}'
    for seconds in ("0.5", "30"):
        _, answer, connection = send(stand, org, body, **{"x-tollgate-timeout": seconds})
        assert status(answer, connection) == 200
        time.sleep(0.6)


def test_a_model_shows_the_health_of_its_routes(
    stand: Stand, org: str, provider: Provider, second: Provider
) -> None:
    provider.script = [provider.answers(BUSY, "retry-after: 30", status="429 Too Many Requests")]
    second.script = [second.answers(ANSWER)]
    _, answer, connection = send(stand, org, BOTH)
    assert status(answer, connection) == 200
    one, two = stand.manage("GET", "/api/v1/models/both", org).json()["routes"]
    assert (one["health"], two["health"]) == ("resting", "healthy")
    assert one["until"] > "2026"
    assert two["first_byte_seconds"] >= 0
