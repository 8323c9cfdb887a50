"""Many open streams through one gateway and one llm process: `make bench-streams`.

    TOLLGATE_BENCH_STREAMS    how many, 2,000 unless given
    TOLLGATE_BENCH_SECONDS    how long they are listened to, 30 unless given

Each brings two chunks a second. How late a chunk is: from the moment at which the provider wrote
it to the one at which the caller had it. Figures go to .tollgate/bench/streams.json too.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from deploy.local import ports
from tests.bench.listening import OPEN_EACH_SECOND, SETTLE_SECONDS
from tests.bench.ours import tollgate
from tests.bench.processes import (
    CannotMeasure,
    cores,
    cpu_seconds,
    on,
    pss_megabytes,
    running,
    until_answers,
)  # fmt: skip
from tests.bench.targets import STREAM, Target
from tests.bench.ticking import EVERY_SECONDS

FILE = Path(".tollgate/bench/streams.json")
ROOT = Path(__file__).parents[2]
STREAMS = int(os.environ.get("TOLLGATE_BENCH_STREAMS", "2000"))
SECONDS = float(os.environ.get("TOLLGATE_BENCH_SECONDS", "30"))
WATCHED = ("gateway", "llm")
MOST_LATE_MS, MOST_MEMORY_MB = 250.0, 400.0


class Found(NamedTuple):
    """`listened` is what the callers say; CPU in parts of a core and memory in MB by process."""

    listened: Mapping[str, Any]
    cpu: Mapping[str, float]
    memory: Mapping[str, float]

    def goals(self) -> dict[str, bool]:
        said, memory = self.listened, sum(self.memory.values())
        all_there = said["chunks"] > 0.98 * said["streams"] * SECONDS / EVERY_SECONDS
        return {
            f"99 % of chunks < {MOST_LATE_MS:.0f} ms late": said["late_ms"]["p99"] < MOST_LATE_MS,
            f"both processes < {MOST_MEMORY_MB:.0f} MB": memory < MOST_MEMORY_MB,
            "no stream ended, hardly a chunk missing": all_there and not said["ended"],
        }


def main() -> None:
    try:
        with tempfile.TemporaryDirectory(prefix="tollgate-bench-") as folder:
            found = run(Path(folder))
    except CannotMeasure as reason:
        sys.exit(f"bench_streams: {reason}")
    sys.stdout.write(text(found))
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(json.dumps({**found._asdict(), "goals": found.goals()}, indent=2) + "\n")


def run(folder: Path) -> Found:
    core, other = cores()
    port = ports.free(["ticking"])["ticking"]
    words = [sys.executable, "-m", "tests.bench.ticking", str(port)]
    with (
        running(words, folder, other, {"PYTHONPATH": str(ROOT)}) as ticking,
        tollgate(f"http://127.0.0.1:{port}", folder / "tollgate", core) as target,
    ):
        until_answers(f"http://127.0.0.1:{port}/", ticking)
        return measured(target, other)


def measured(target: Target, core: int) -> Found:
    with on(core):
        listening = listener(target)
    assert listening.stdout is not None
    time.sleep(STREAMS / OPEN_EACH_SECOND + SETTLE_SECONDS)
    before = _cpu(target)
    time.sleep(SECONDS / 2)
    used = {name: (now - before[name]) / (SECONDS / 2) for name, now in _cpu(target).items()}
    memory = {name: pss_megabytes(target.processes()[name]) for name in WATCHED}
    answer, _ = listening.communicate()
    if listening.returncode:
        raise CannotMeasure("The callers failed; what they said is above.")
    return Found(json.loads(answer), used, memory)


def listener(target: Target) -> "subprocess.Popen[bytes]":
    address = urlsplit(target.url)
    words = [sys.executable, "-m", "tests.bench.listening", str(address.hostname),
             str(address.port), str(STREAMS), str(SECONDS)]  # fmt: skip
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
    assert process.stdin is not None
    process.stdin.write(request(target))
    process.stdin.close()
    process.stdin = None
    return process


def request(target: Target) -> bytes:
    ask = target.ask(STREAM, "What time is it?")
    address = urlsplit(ask.url)
    headers = {
        "Host": address.netloc, "Content-Type": "application/json",
        "Content-Length": str(len(ask.body)), **ask.headers,
    }  # fmt: skip
    lines = [f"POST {address.path} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items()), "", ""]
    return "\r\n".join(lines).encode() + ask.body


def _cpu(target: Target) -> dict[str, float]:
    return {
        name: sum(cpu_seconds(each).values())
        for name, each in target.processes().items()
        if name in (*WATCHED, "redis")
    }


def text(found: Found) -> str:
    listened = found.listened
    late = " ".join(f"{name} {value:.1f}" for name, value in listened["late_ms"].items())
    lines = [
        "",
        f"{listened['streams']:,} streams, {listened['chunks']:,} chunks in {SECONDS:.0f} s"
        f" ({listened['silent']} silent, {listened['ended']} ended early)",
        f"  late, ms    {late}",
        "  memory, MB  " + ", ".join(f"{n} {size:.0f}" for n, size in found.memory.items()),
        "  CPU, cores  " + ", ".join(f"{name} {used:.2f}" for name, used in found.cpu.items()),
        *(f"  {'yes' if met else 'NO '}  {goal}" for goal, met in found.goals().items()),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
