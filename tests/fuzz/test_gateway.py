"""Whatever is sent: no 5xx, errors in the caller's shape, nothing left open, books that balance and
memory that does not grow."""

import threading
import time

from deploy.local.stack import Stack
from tests.e2e.figures import Say
from tests.e2e.platform import Platform, eventually
from tests.fuzz.caller import Caller, Wrong
from tests.fuzz.figures import line, summary
from tests.fuzz.settings import (
    CALLERS,
    EVERY_SECONDS,
    MOST_GROWTH,
    MOST_WRONG,
    SECONDS,
    SEED,
    WARM_SECONDS,
    WATCHED_FROM_SECONDS,
)
from tests.fuzz.watching import accepted, memory, open_tickets

# Never reached, and checked all the same.
LIMITS = [
    {"metric": "requests", "window": "minute", "max": "10000000"},
    {"metric": "tokens", "window": "day", "max": "1000000000000"},
    {"metric": "concurrency", "window": "total", "max": "10000"},
]


class Fuzz:
    """While it runs, callers go on and on, unless too much is wrong."""

    def __init__(self, callers: list[Caller]) -> None:
        self._callers = callers
        self._stop = threading.Event()
        self.wrong: list[str] = []

    def run(self, watch: "Watch") -> None:
        threads = [threading.Thread(target=self._go_on, args=(one,)) for one in self._callers]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        try:
            while (passed := time.monotonic() - began) < SECONDS and not self._stop.is_set():
                watch.look(passed)
                self._stop.wait(min(1.0, SECONDS - passed))
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def _go_on(self, caller: Caller) -> None:
        while not self._stop.is_set():
            try:
                caller.call()
            except Wrong as wrong:
                self.wrong.append(str(wrong))
                if len(self.wrong) >= MOST_WRONG:
                    self._stop.set()


class Watch:
    """Notes memory once it is warm, and tells how it goes."""

    def __init__(self, stack: Stack, callers: list[Caller], say: Say) -> None:
        self._stack, self._callers, self._say = stack, callers, say
        self._next = EVERY_SECONDS
        self.warm: dict[str, float] = {}

    def look(self, passed: float) -> None:
        if not self.warm and passed >= WARM_SECONDS:
            self.warm = memory(self._stack)
        if passed >= self._next:
            self._next += EVERY_SECONDS
            self._say(line(passed, self._callers, memory(self._stack)))


def test_the_gateway_takes_whatever_it_is_sent(target: tuple[Stack, Platform], say: Say) -> None:
    stack, platform = target
    key = platform.new_key(limits=LIMITS)
    callers = [Caller(platform.url, key.secret, SEED * 1000 + number) for number in range(CALLERS)]
    before = accepted(stack)
    fuzz, watch = Fuzz(callers), Watch(stack, callers, say)
    fuzz.run(watch)
    grown = memory(stack)
    eventually(lambda: open_tickets(stack) == 0, within=60)
    opened = accepted(stack) - before
    platform.log_in()  # the run may have outlasted its token
    eventually(lambda: platform.usage(key.project)["requests"] >= opened, within=60)
    say(summary(callers, opened, watch.warm, grown))
    assert not fuzz.wrong, "\n\n".join(fuzz.wrong)
    assert platform.usage(key.project)["requests"] == opened > 0
    if SECONDS >= WATCHED_FROM_SECONDS:
        assert {
            name: grown[name] <= MOST_GROWTH * warm for name, warm in watch.warm.items()
        } == dict.fromkeys(grown, True), (watch.warm, grown)
