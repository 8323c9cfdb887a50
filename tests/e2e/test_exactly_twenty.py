"""A budget for exactly twenty calls, two hundred callers at once, two gateway processes: twenty
answers, whatever it is that is limited."""

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from http.client import HTTPConnection
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from deploy.local.stack import Stack
from tests.e2e.figures import Say
from tests.e2e.platform import Key, Platform, eventually
from tests.e2e.stacks import own_platform, serving
from tests.proofs import rounds

PROCESSES = 2
CALLERS = 200
CALLS = 20
ROUNDS = rounds(1, 50)
CAP = 40
MODEL = "a-dollar-for-a-thousand-tokens"
ANSWER_SECONDS = 60
PAUSE_SECONDS = 0.2
THINKING_SECONDS = 1.9
"""`sandbox-slow` thinks a little longer than that before its first byte."""


def body(model: str, stream: bool = False) -> bytes:
    messages = [{"role": "user", "content": "as many words as this"}]
    asked = {"model": model, "messages": messages, "max_tokens": CAP, "stream": stream}
    return json.dumps(asked).encode()


class Ended(NamedTuple):
    """When the first byte and the last were there, by `time.monotonic()`."""

    status: int
    first: float
    last: float
    answer: bytes


class Caller:
    """One connection of its own."""

    def __init__(self, platform: Platform, key: Key) -> None:
        self._connection = HTTPConnection(urlsplit(platform.url).netloc, timeout=ANSWER_SECONDS)
        self._headers = {
            "authorization": f"Bearer {key.secret}", "content-type": "application/json",
        }  # fmt: skip

    def call(self, sent: bytes) -> Ended:
        self._connection.request("POST", "/v1/chat/completions", sent, self._headers)
        answer = self._connection.getresponse()
        beginning = answer.read(1)
        first = time.monotonic()
        rest = answer.read()
        return Ended(answer.status, first, time.monotonic(), beginning + rest)

    def close(self) -> None:
        self._connection.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, Platform]]:
    with own_platform(tmp_path_factory.mktemp("twenty"), workers=PROCESSES) as both:
        platform = both[1]
        price = {"input_usd_per_mtok": "1000", "output_usd_per_mtok": "1000"}
        routes = [{"provider": "sandbox", "model": "sandbox", "weight": 1}]
        made = platform.api("PUT", f"/models/{MODEL}", json={"routes": routes, "price": price})
        assert made.ok, made.text
        yield both


def at_once(platform: Platform, key: Key, sent: bytes, *, until: int = 0) -> list[Ended]:
    """Every caller calls at the same moment; refused, again until so many have been answered, and
    once more."""
    ready, lock = threading.Barrier(CALLERS), threading.Lock()
    found: list[Ended] = []

    def go_on() -> None:
        caller = Caller(platform, key)
        ready.wait(ANSWER_SECONDS)
        give_up = time.monotonic() + ANSWER_SECONDS
        while True:
            enough = answered(found) >= until or time.monotonic() > give_up
            ended = caller.call(sent)
            with lock:
                found.append(ended)
            if ended.status == 200 or enough:
                break
            time.sleep(PAUSE_SECONDS)
        caller.close()

    with ThreadPoolExecutor(CALLERS) as threads:
        for done in [threads.submit(go_on) for _ in range(CALLERS)]:
            done.result()
    return found


def one_call(platform: Platform, sent: bytes) -> tuple[int, int]:
    """The tokens that a call uses, and those that are reserved for it."""
    room = 10**6
    key = limited(platform, "tokens", str(room))
    answer = platform.post("/v1/chat/completions", sent, key.secret)
    left = int(answer.headers["x-ratelimit-remaining-tokens"])
    return answer.json()["usage"]["total_tokens"], room - left


def answered(found: list[Ended]) -> int:
    return sum(each.status == 200 for each in list(found))


def limited(platform: Platform, metric: str, most: str) -> Key:
    limit: dict[str, Any] = {"metric": metric, "window": "total", "max": most}
    return platform.new_key(limits=[limit])


def state(platform: Platform, key: Key) -> dict[str, Any]:
    [limit] = platform.api("GET", "/limits", params={"subject_id": key.id}).json()["data"]
    return dict(limit)


def nothing_reserved(platform: Platform, key: Key) -> None:
    eventually(lambda: Decimal(state(platform, key)["reserved"]) == 0)


def check(stack: Stack, platform: Platform, key: Key, found: list[Ended]) -> None:
    """Twenty were answered, the others refused; and nothing is left reserved."""
    statuses = {each.status for each in found}
    assert statuses == {200, 429}, [each.answer for each in found if each.status > 429][:1]
    assert answered(found) == CALLS
    nothing_reserved(platform, key)
    assert serving(stack, "gateway") <= PROCESSES


@pytest.mark.timeout(1800)
def test_requests(running: tuple[Stack, Platform], say: Say) -> None:
    stack, platform = running
    for _ in range(ROUNDS):
        key = limited(platform, "requests", str(CALLS))
        check(stack, platform, key, at_once(platform, key, body(MODEL)))
        assert state(platform, key)["used"] == str(CALLS)
    say(f"requests: {CALLS} answers of {CALLERS} callers, {ROUNDS} times")


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("metric", ["tokens", "cost_usd"])
def test_what_is_reserved_first(running: tuple[Stack, Platform], say: Say, metric: str) -> None:
    """Room for twenty: what nineteen use, and what the twentieth reserves."""
    stack, platform = running
    sent = body(MODEL)
    used, reserved = one_call(platform, sent)
    unit = Decimal("0.001") if metric == "cost_usd" else Decimal(1)
    most = unit * ((CALLS - 1) * used + reserved)
    for _ in range(ROUNDS):
        key = limited(platform, metric, str(most))
        check(stack, platform, key, at_once(platform, key, sent, until=CALLS))
        assert Decimal(state(platform, key)["used"]) == CALLS * used * unit
    say(f"{metric}: {CALLS} answers of {CALLERS} callers, {ROUNDS} times")


@pytest.mark.timeout(1800)
def test_never_more_at_once(running: tuple[Stack, Platform], say: Say) -> None:
    stack, platform = running
    most = []
    for _ in range(ROUNDS):
        key = limited(platform, "concurrency", str(CALLS))
        found = at_once(platform, key, body("sandbox-slow", stream=True))
        assert {each.status for each in found} == {200, 429}
        ran = [(each.first - THINKING_SECONDS, each.last) for each in found if each.status == 200]
        most.append(overlapping(ran))
        assert most[-1] <= CALLS <= len(ran)
        nothing_reserved(platform, key)
        assert serving(stack, "gateway") <= PROCESSES
    say(f"concurrency: at most {max(most)} at once of {CALLERS} callers, {ROUNDS} times")


def overlapping(spans: list[tuple[float, float]]) -> int:
    """The most that were under way at one moment."""
    turns = sorted([(begun, 1) for begun, _ in spans] + [(ended, -1) for _, ended in spans])
    now = most = 0
    for _, step in turns:
        now += step
        most = max(most, now)
    return most


def test_a_changed_limit_holds_within_a_second(running: tuple[Stack, Platform]) -> None:
    """In both processes, and on what was counted before."""
    _, platform = running
    key = limited(platform, "requests", "10")
    callers = [Caller(platform, key) for _ in range(8)]
    assert [caller.call(body(MODEL)).status for caller in callers] == [200] * 8
    limit = state(platform, key)["id"]
    for most, expected in (("8", 429), ("16", 200), ("0", 429)):
        assert platform.api("PATCH", f"/limits/{limit}", json={"max": most}).ok
        time.sleep(1)
        assert {caller.call(body(MODEL)).status for caller in callers} == {expected}
    assert state(platform, key)["used"] == "16"
    for caller in callers:
        caller.close()
