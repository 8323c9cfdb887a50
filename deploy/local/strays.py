"""Processes of a stack that outlived it, found by the state folder they belong to.

Everything the stack starts carries the folder in its environment. PostgreSQL and Redis may write
over theirs, but work inside it. What those have started belongs to them.
"""

import os
import signal
from pathlib import Path

import psutil

MARK = "TOLLGATE_STATE"
SERVERS = ("postgres", "redis-server")
GRACE_SECONDS = 10


def find(state: Path) -> list[psutil.Process]:
    """All of them, this process excepted."""
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        if process.pid != os.getpid() and _belongs(process, state):
            for member in [process, *_descendants(process)]:
                found[member.pid] = member
    found.pop(os.getpid(), None)
    return list(found.values())


def _belongs(process: psutil.Process, state: Path) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        if process.name() in SERVERS:
            return Path(process.cwd()).is_relative_to(state)
    except (psutil.Error, OSError):
        return False
    return folder_of(process) == str(state)


def folder_of(process: psutil.Process) -> str | None:
    """The state folder of the stack that started it, as far as that shows."""
    try:
        if process.name() in SERVERS:
            supervisord = process.parent()
            return folder_of(supervisord) if supervisord else None
        return process.environ().get(MARK)
    except (psutil.Error, OSError):
        return None


def _descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def stop(state: Path, grace: float = GRACE_SECONDS) -> int:
    """Stop them, by force where asking does not help. Returns how many there were."""
    processes = find(state)
    for process in processes:
        _signal(process, signal.SIGTERM)
    _, left = psutil.wait_procs(processes, timeout=grace)
    count = len(processes)
    while left:
        for process in left:
            _signal(process, signal.SIGKILL)
        psutil.wait_procs(left, timeout=GRACE_SECONDS)
        left = find(state)
    return count


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    try:
        if number == signal.SIGTERM and process.name() == "postgres":
            number = signal.SIGINT  # its SIGTERM waits until every client has left
        process.send_signal(number)
    except psutil.Error:
        pass
