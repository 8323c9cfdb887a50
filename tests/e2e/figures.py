"""Figures that a test shows whether or not it passes."""

import statistics
from collections.abc import Callable, Sequence

import pytest

from tests.e2e.load import Call

Say = Callable[[str], None]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    def show(line: str) -> None:
        with capsys.disabled():
            print(f"\n  {line}")  # noqa: T201 - to be read

    return show


def milliseconds(calls: Sequence[Call]) -> str:
    """Median, 99th percentile and worst of how long calls took."""
    taken = sorted(call.seconds * 1000 for call in calls)
    p99 = statistics.quantiles(taken, n=100)[98]
    return f"p50 {statistics.median(taken):.0f}, p99 {p99:.0f}, worst {taken[-1]:.0f} ms"
