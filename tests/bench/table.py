"""The tables of a run, in Markdown that can be read as it is."""

from collections.abc import Callable, Mapping, Sequence

from tests.bench.goals import OURS, Goal, goals
from tests.bench.measuring import CASES, LARGE, STREAMS, USUAL, Case, Figures, Measured

SHOWN_CPU = (USUAL, STREAMS, LARGE)


def text(found: Mapping[str, Measured], quieter: Measured | None) -> str:
    """`quieter`: Tollgate again, with LOG_LEVEL=WARNING."""
    parts = [
        _by_case("Answers a second", found, lambda figures: f"{figures.load.rate:,.0f}"),
        _by_case("Latency in ms, median and p99", found, _latency),
        _cpu(found[OURS]),
        _memory(found),
        _goals(goals(found)),
    ]
    if quieter:
        parts.append(_quieter(found[OURS], quieter))
    return "\n\n".join(parts) + "\n"


def _by_case(title: str, found: Mapping[str, Measured], cell: Callable[[Figures], str]) -> str:
    head = [title, *(f"{name} {each.version}".strip() for name, each in found.items())]
    rows = [[case.name, *(_cell(each, case, cell) for each in found.values())] for case in CASES]
    return _table([head, *rows])


def _cell(measured: Measured, case: Case, cell: Callable[[Figures], str]) -> str:
    figures = measured.cases.get(case.name)
    return cell(figures) if figures else "fails"


def _latency(figures: Figures) -> str:
    return f"{figures.load.p50:.2f} / {figures.load.p99:.2f}"


def _cpu(ours: Measured) -> str:
    """Of the processes that a request costs anything."""
    cases = [ours.cases[case.name].cpu for case in SHOWN_CPU]
    names = sorted(cases[0], key=lambda name: -cases[0][name])
    rows = [
        [name, *(f"{case[name]:.0f}" for case in cases)]
        for name in names
        if any(case[name] >= 1 for case in cases)
    ]
    rows.append(["together", *(f"{sum(case.values()):.0f}" for case in cases)])
    return _table([["CPU a request in µs", *(case.name for case in SHOWN_CPU)], *rows])


def _memory(found: Mapping[str, Measured]) -> str:
    rows = [
        [name, f"{size:.0f}"]
        for each in found.values()
        for name, size in sorted(each.memory.items(), key=lambda item: -item[1])
    ]
    return _table([["Memory (PSS) in MB", ""], *rows])


def _goals(all_goals: Sequence[Goal]) -> str:
    rows = [
        [goal.what, f"{goal.value:.2f}", goal.wanted, "yes" if goal.reached else "NO"]
        for goal in all_goals
    ]
    return _table([["Target", "here", "wanted", "reached"], *rows])


def _quieter(usual: Measured, quieter: Measured) -> str:
    rates = [each.cases[USUAL.name].load.rate for each in (usual, quieter)]
    return (
        f"With LOG_LEVEL=WARNING instead of INFO: {rates[1]:,.0f} answers a second"
        f" ({USUAL.name}), {rates[1] / rates[0]:.2f} times as many."
    )


def _table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])
