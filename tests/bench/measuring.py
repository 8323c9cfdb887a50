"""The cases, and one target measured in each of them."""

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import requests

from tests.bench import canned, wrk
from tests.bench.processes import CannotMeasure, cpu_seconds, pss_megabytes
from tests.bench.targets import STREAM, WHOLE, Target
from tests.bench.wrk import Load

WARM_UP_SECONDS = 2
SETTLE_SECONDS = 1.0
LONG_SECONDS = 10.0  # for one so slow that it has answered nothing within the usual time


class Case(NamedTuple):
    kind: str
    connections: int
    large: bool = False

    @property
    def name(self) -> str:
        what = "stream" if self.kind == STREAM else "100 KB prompt" if self.large else "whole"
        return f"{what}, {self.connections} conn."

    @property
    def prompt(self) -> str:
        return canned.large_prompt() if self.large else "Say the words."


AT_ONCE = (1, 16, 64)
CASES = (
    *(Case(WHOLE, number) for number in AT_ONCE),
    *(Case(STREAM, number) for number in AT_ONCE),
    Case(WHOLE, 16, large=True),
)
ONE, USUAL, STREAMS, LARGE = CASES[0], CASES[1], CASES[4], CASES[-1]


@dataclass(frozen=True)
class Figures:
    """`cpu`: microseconds a request, by process."""

    load: Load
    cpu: Mapping[str, float]

    def as_json(self) -> dict[str, Any]:
        found = self.load
        return {
            "requests": found.requests, "requests_a_second": round(found.rate, 1),
            "p50_ms": round(found.p50, 3), "p99_ms": round(found.p99, 3),
            "cpu_microseconds_a_request": {name: round(cpu) for name, cpu in self.cpu.items()},
        }  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """`memory` in MB by process, at rest after all cases."""

    name: str
    version: str
    cases: Mapping[str, Figures]
    memory: Mapping[str, float]

    def as_json(self) -> dict[str, Any]:
        return {
            "version": self.version,
            "cases": {name: figures.as_json() for name, figures in self.cases.items()},
            "memory_mb": {name: round(size, 1) for name, size in self.memory.items()},
        }


class Range(NamedTuple):
    """Where the load comes from, and how long each case is measured."""

    wrk: str
    folder: Path
    core: int
    seconds: float

    def measure(self, target: Target, cases: tuple[Case, ...] = CASES) -> Measured:
        _say(f"{target.name} {target.version}: ")
        check(target, WHOLE)
        self.load(target, USUAL, WARM_UP_SECONDS)
        streams = _streams(target)
        found = {}
        for case in cases:
            if case.kind == WHOLE or streams:
                found[case.name] = self._case(target, case)
                _say(".")
                time.sleep(SETTLE_SECONDS)
        memory = {name: pss_megabytes(each) for name, each in target.processes().items()}
        _say("\n")
        return Measured(target.name, target.version, found, memory)

    def _case(self, target: Target, case: Case) -> Figures:
        before = _cpu(target)
        found = self.load(target, case, self.seconds)
        after = _cpu(target)
        spent = {name: _since(before.get(name, {}), now) for name, now in after.items()}
        return Figures(found, {n: s / max(1, found.requests) * 1e6 for n, s in spent.items()})

    def load(self, target: Target, case: Case, seconds: float) -> Load:
        ask = target.ask(case.kind, case.prompt)
        found = wrk.load(self.wrk, ask, case.connections, seconds, self.folder, self.core)
        if not found.requests:
            found = wrk.load(self.wrk, ask, case.connections, LONG_SECONDS, self.folder, self.core)
        return found


def _streams(target: Target) -> bool:
    """Whether it can; if not, its other cases count all the same."""
    try:
        check(target, STREAM)
    except CannotMeasure as reason:
        _say(f"(no streams: {reason}) ")
        return False
    return True


def check(target: Target, kind: str) -> None:
    """That it answers, and with all of what the upstream says."""
    ask = target.ask(kind, "Say the words.")
    headers = {"Content-Type": "application/json", **ask.headers}
    answer = requests.post(ask.url, data=ask.body, headers=headers, timeout=30)
    if answer.status_code != 200:
        raise CannotMeasure(f"It answers {answer.status_code}: {answer.text[:300]}")
    if canned.said_by(answer.content, stream=kind == STREAM) != canned.SAID:
        raise CannotMeasure(f"Its answer ({kind}) is not the upstream's: {answer.text[:300]}")


def _cpu(target: Target) -> dict[str, dict[int, float]]:
    """Seconds by name and process id."""
    return {name: cpu_seconds(each) for name, each in target.processes().items()}


def _since(before: Mapping[int, float], now: Mapping[int, float]) -> float:
    """Of those that live now: what they have used since; all of it, if they have begun since."""
    return sum(seconds - before.get(pid, 0.0) for pid, seconds in now.items())


def _say(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
