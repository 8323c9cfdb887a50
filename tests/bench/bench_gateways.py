"""The gateways side by side: `make bench`.

In one run, on the same machine: the upstream alone, Tollgate, LiteLLM and Portkey. Every gateway,
with all it needs, has one and the same core; the load (wrk) and the upstream (nginx) have another.
Tollgate checks keys and limits and writes each request into its ledger; the others do not. Those
that cannot be installed are left out, and the run says so. Tables go to the standard output,
figures to .tollgate/bench/gateways.json.

    TOLLGATE_BENCH_SECONDS   for each case, 5 unless given
    TOLLGATE_BENCH_QUICK=1   about a minute and a half in all: figures are rougher
"""

import json
import os
import platform
import shutil
import sys
import tempfile
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from tests.bench.goals import OURS, goals
from tests.bench.measuring import USUAL, Measured, Range
from tests.bench.ours import tollgate
from tests.bench.peers import PEERS
from tests.bench.processes import CannotMeasure, cores
from tests.bench.table import text
from tests.bench.targets import Target, direct
from tests.bench.upstream import upstream

FILE = Path(".tollgate/bench/gateways.json")
QUICK = os.environ.get("TOLLGATE_BENCH_QUICK", "") not in ("", "0")
SECONDS = float(os.environ.get("TOLLGATE_BENCH_SECONDS", "1" if QUICK else "5"))
NEEDED = {
    "wrk": "it makes the load (Debian: apt install wrk)",
    "nginx": "it is the upstream (Debian: apt install nginx-light)",
}


def main() -> None:
    try:
        programs = needed()
        with tempfile.TemporaryDirectory(prefix="tollgate-bench-") as folder:
            run(programs, Path(folder))
    except CannotMeasure as reason:
        sys.exit(f"make bench: {reason}")


def needed() -> dict[str, str]:
    """Where the programs are; CannotMeasure where one is missing."""
    return {name: _program(name) for name in NEEDED}


def _program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if not found:
        raise CannotMeasure(f"{name} is needed on the PATH: {NEEDED[name]}.")
    return found


def run(programs: dict[str, str], folder: Path) -> None:
    core, other = cores()
    bench = Range(programs["wrk"], folder, other, SECONDS)
    with upstream(programs["nginx"], folder, other) as url:
        found = {"upstream": bench.measure(direct(url))}
        found[OURS] = _measured(bench, tollgate(url, folder / "tollgate", core, log_level="INFO"))
        quieter = None if QUICK else _quieter(bench, url, core)
        for peer in PEERS:
            try:
                peer.install()
                found[peer.name] = _measured(bench, peer.start(url, folder, core))
            except CannotMeasure as reason:
                _say(f"{peer.name} is left out. {reason}\n")
    sys.stdout.write("\n" + text(found, quieter))
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(json.dumps(_figures(found, quieter), indent=2) + "\n")


def _measured(bench: Range, started: AbstractContextManager[Target]) -> Measured:
    with started as target:
        return bench.measure(target)


def _quieter(bench: Range, url: str, core: int) -> Measured:
    folder = bench.folder / "quieter"
    with tollgate(url, folder, core, log_level="WARNING") as target:
        return bench.measure(target, (USUAL,))


def _figures(found: dict[str, Measured], quieter: Measured | None) -> dict[str, Any]:
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {sys.version.split()[0]}",
        "load_before": os.getloadavg(),
        "seconds_a_case": SECONDS,
        "targets": {name: each.as_json() for name, each in found.items()},
        "tollgate_log_level_warning": quieter.as_json() if quieter else None,
        "goals": [goal._asdict() for goal in goals(found)],
    }


def _say(line: str) -> None:
    sys.stderr.write(line)


if __name__ == "__main__":
    main()
