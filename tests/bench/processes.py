"""Processes of a run: each on the core it is to use, each stopped by its own id, and what they
cost in CPU and memory, as Linux accounts for it."""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import requests

START_SECONDS = 90.0
STOP_SECONDS = 15.0


class CannotMeasure(Exception):
    """A sentence for the person in front of it."""


def cores() -> tuple[int, int]:
    """The gateways' core, and that of the load and the upstream."""
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        raise CannotMeasure("Two cores are needed: one for the gateways, one for the load.")
    return usable[0], usable[-1]


@contextmanager
def on(core: int) -> Iterator[None]:
    """What is started meanwhile, and all that it starts, runs on that core alone."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def running(
    words: Sequence[str], folder: Path, core: int, extra: Mapping[str, str] | None = None
) -> Iterator[psutil.Process]:
    """The program, its output in a file of the folder; with all it has started, stopped in the
    end."""
    with (folder / f"{Path(words[0]).name}.log").open("wb") as output, on(core):
        process = subprocess.Popen(
            words, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            env={**os.environ, **(extra or {})},
        )  # fmt: skip
    try:
        yield psutil.Process(process.pid)
    finally:
        _stop(process)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    left: list[psutil.Process] = []
    with suppress(psutil.NoSuchProcess):
        left = psutil.Process(process.pid).children(recursive=True)
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    process.kill()
    process.wait()
    for child in left:
        with suppress(psutil.NoSuchProcess):
            child.kill()


def until_answers(url: str, process: psutil.Process, seconds: float = START_SECONDS) -> None:
    """Whatever it answers: it listens."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            raise CannotMeasure("It ended while it started; its log says why.")
        with suppress(requests.RequestException):
            requests.get(url, timeout=1)
            return
        time.sleep(0.2)
    raise CannotMeasure(f"It did not answer within {seconds:.0f} s.")


def family(process: psutil.Process) -> list[psutil.Process]:
    """The process and all below it."""
    return [process, *process.children(recursive=True)]


def cpu_seconds(processes: Sequence[psutil.Process]) -> dict[int, float]:
    """User and system time of each so far, by process id; of those that are still there."""
    found = {}
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            found[process.pid] = times.user + times.system
    return found


def pss_megabytes(processes: Sequence[psutil.Process]) -> float:
    """Their memory, of what they share with others a share each."""
    return sum(map(_pss, processes)) / 1024


def _pss(process: psutil.Process) -> int:
    try:
        lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
