"""Starting an embedded server for a test and stopping it with certainty."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

TETHER = Path(__file__).with_name("tether.py")
START_SECONDS = 30
STOP_SECONDS = 10


class EmbeddedServerError(RuntimeError):
    """A server of our own cannot be had on this machine; the message says why in one sentence."""


def tethered(
    command: Sequence[str],
    *,
    signal: str = "TERM",
    user: str | None = None,
    env: Path | None = None,
    parent: int | None = None,
) -> list[str]:
    """The command line that runs `command` so that it dies with its parent. See tether.py."""
    options = {"signal": signal, "user": user, "env": env, "parent": parent}
    words = [f"--{name}={value}" for name, value in options.items() if value is not None]
    return [sys.executable, "-I", "-S", str(TETHER), *words, "--", *command]


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listens on right now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def temporary_folder(kind: str) -> Iterator[Path]:
    """A private folder with a short path; those of processes that were killed go with it."""
    root = Path(tempfile.gettempdir())
    for folder in root.glob(f"tollgate-{kind}-*"):
        owner = folder.name.split("-")[2]
        if owner.isdigit() and not exists(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"tollgate-{kind}-{os.getpid()}-", dir=root))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def exists(process: int) -> bool:
    """Whether a process has this id, whoever owns it."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


@contextlib.contextmanager
def running(
    command: Sequence[str], log: Path, ready: Callable[[], bool], signal: int
) -> Iterator[int]:
    """Run a tethered `command` until the block ends. Yields its process id once `ready()`.

    `signal` asks for a quick stop; a server that does not heed it within 10 s is killed.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    try:
        _wait(process, log, ready)
        yield process.pid
    finally:
        _stop(process, signal)


def _wait(process: "subprocess.Popen[bytes]", log: Path, ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
            raise EmbeddedServerError(f"A server did not start. The end of its log:\n{tail}")
        time.sleep(0.02)


def _stop(process: "subprocess.Popen[bytes]", signal: int) -> None:
    process.send_signal(signal)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
