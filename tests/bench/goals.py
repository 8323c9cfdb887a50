"""What the issue and the design ask for, as ratios within one run."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tests.bench.measuring import ONE, STREAMS, USUAL, Measured
from tests.bench.wrk import Load

OURS, DIRECT = "Tollgate", "upstream"
HOPS = ("gateway", "llm")
CPU_MICROSECONDS = 450

# Peer, case, what is counted, and how many times the peer's we want.
RATIOS = (
    ("LiteLLM", USUAL, "requests/s", 8.0),
    ("LiteLLM", STREAMS, "streams/s", 25.0),
    ("Portkey", USUAL, "requests/s", 1.0),
)


class Goal(NamedTuple):
    what: str
    value: float
    wanted: str
    reached: bool


def goals(found: Mapping[str, Measured]) -> list[Goal]:
    """Of those whose targets were measured."""
    return [*_ratios(found), *_latency(found), *_cpu(found[OURS])]


def _ratios(found: Mapping[str, Measured]) -> Iterator[Goal]:
    for peer, case, what, least in RATIOS:
        if peer in found and case.name in found[peer].cases:
            ours, theirs = (found[name].cases[case.name].load.rate for name in (OURS, peer))
            yield _at_least(f"{what}, times {peer}'s", ours / theirs, least)


def _latency(found: Mapping[str, Measured]) -> Iterator[Goal]:
    ours, direct = (found[name].cases[ONE.name].load for name in (OURS, DIRECT))
    yield _at_most("added median latency at 1 connection, ms", _added(ours, direct, "p50"), 2)
    yield _at_most("added p99 latency at 1 connection, ms", _added(ours, direct, "p99"), 6)


def _added(ours: Load, direct: Load, which: str) -> float:
    return float(getattr(ours, which) - getattr(direct, which))


def _cpu(ours: Measured) -> Iterator[Goal]:
    for hop in HOPS:
        spent = ours.cases[USUAL.name].cpu[hop]
        yield _at_most(f"CPU a request in {hop}, µs", spent, CPU_MICROSECONDS)


def _at_least(what: str, value: float, least: float) -> Goal:
    return Goal(what, value, f">= {least:g}", value >= least)


def _at_most(what: str, value: float, most: float) -> Goal:
    return Goal(what, value, f"<= {most:g}", value <= most)
