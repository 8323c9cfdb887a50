"""What a run shows of itself."""

from collections import Counter
from collections.abc import Mapping, Sequence

from tests.fuzz.caller import Caller


def line(passed: float, callers: Sequence[Caller], memory: Mapping[str, float]) -> str:
    sent = sum(sum(caller.kinds.values()) for caller in callers)
    return f"{passed:5.0f} s  {sent:>8,} sent  {_megabytes(memory)}"


def summary(
    callers: Sequence[Caller], opened: int, warm: Mapping[str, float], grown: Mapping[str, float]
) -> str:
    kinds: Counter[str] = sum((caller.kinds for caller in callers), Counter())
    statuses: Counter[str] = sum((caller.statuses for caller in callers), Counter())
    return "\n  ".join([
        f"{sum(kinds.values()):,} sent, {opened:,} accepted, each one row of the ledger",
        "by kind    " + _counts(kinds),
        "by answer  " + _counts(statuses),
        f"memory     {_megabytes(warm)} once warm, {_megabytes(grown)} in the end",
    ])  # fmt: skip


def _counts(found: Counter[str]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in sorted(found.items()))


def _megabytes(memory: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {size:.1f} MB" for name, size in memory.items())
