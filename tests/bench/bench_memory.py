"""Whether gateway and llm grow: their memory after 10,000 requests, and after many more.

    python -m tests.bench.bench_memory
    TOLLGATE_BENCH_REQUESTS   how many in all, 100,000 unless given

Half of the requests are streams. Figures go to .tollgate/bench/memory.json too.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

from tests.bench.bench_gateways import needed
from tests.bench.measuring import STREAMS, USUAL, Case, Range
from tests.bench.ours import tollgate
from tests.bench.processes import CannotMeasure, cores, pss_megabytes
from tests.bench.targets import Target
from tests.bench.upstream import upstream

FILE = Path(".tollgate/bench/memory.json")
FIRST = 10_000
ALL = int(os.environ.get("TOLLGATE_BENCH_REQUESTS", "100000"))
SLICE_SECONDS = 5.0
WATCHED = ("gateway", "llm")
MOST_GROWTH = 1.10


def main() -> None:
    try:
        programs = needed()
        with tempfile.TemporaryDirectory(prefix="tollgate-bench-") as folder:
            found = run(programs, Path(folder))
    except CannotMeasure as reason:
        sys.exit(f"bench_memory: {reason}")
    show(found)
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(json.dumps(found, indent=2) + "\n")


def run(programs: dict[str, str], folder: Path) -> dict[int, dict[str, float]]:
    """Requests so far → megabytes by process."""
    core, other = cores()
    bench = Range(programs["wrk"], folder, other, SLICE_SECONDS)
    with (
        upstream(programs["nginx"], folder, other) as url,
        tollgate(url, folder / "tollgate", core) as target,
    ):
        first = sent(bench, target, FIRST)
        before = memory(target)
        return {first: before, first + sent(bench, target, ALL - first): memory(target)}


def sent(bench: Range, target: Target, least: int) -> int:
    """So many requests, or a few more; how many."""
    count, case = 0, USUAL
    while count < least:
        count += bench.load(target, case, SLICE_SECONDS).requests
        case = _other(case)
    return count


def _other(case: Case) -> Case:
    return STREAMS if case == USUAL else USUAL


def memory(target: Target) -> dict[str, float]:
    return {name: pss_megabytes(target.processes()[name]) for name in WATCHED}


def show(found: dict[int, dict[str, float]]) -> None:
    (few, before), (many, after) = found.items()
    lines = ["", f"PSS in MB after      {few:>9,}  {many:>9,}  requests"]
    for name in WATCHED:
        ratio = after[name] / before[name]
        verdict = "" if ratio <= MOST_GROWTH else "  MORE THAN 10 %"
        lines.append(
            f"  {name:<18} {before[name]:>9.1f}  {after[name]:>9.1f}  {ratio:.2f}{verdict}"
        )
    sys.stdout.write("\n".join([*lines, ""]))


if __name__ == "__main__":
    main()
