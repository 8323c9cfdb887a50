"""The commands behind the Makefile: up, down, status, logs, migrate, reset."""

import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from deploy.local import strays, supervision
from deploy.local.banner import banner
from deploy.local.console import Console
from deploy.local.errors import CannotStart
from deploy.local.lock import Lock
from deploy.local.settings import LocalSettings, dotenv_variables
from deploy.local.stack import Stack
from deploy.local.supervision import Layout, Supervisor

DOTENV = Path(".env")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
DOWN_SECONDS = 90
ECHO_SECONDS = 1


class Interrupted(BaseException):
    """Somebody asked us to stop."""


def up(state: Path, console: Console) -> None:
    """Start everything, say where it is, stay until asked to stop, stop everything."""
    run(_stack(state, console), console)


def run(stack: Stack, console: Console) -> None:
    """`up`, with a stack that is made already."""
    _on_signals(_interrupt)
    started = time.monotonic()
    console.line(console.bold("Starting Tollgate"))
    try:
        stack.start()
        console.line(banner(stack, console, time.monotonic() - started))
        _watch(stack, console)
    except Interrupted:
        console.line()
    finally:
        _on_signals(_hurry(stack))
        _stop(stack, console)


def _stack(state: Path, console: Console) -> Stack:
    return Stack(LocalSettings.load(DOTENV), state, dotenv_variables(DOTENV), console)


def _watch(stack: Stack, console: Console) -> None:
    while stack.alive():
        if console.hung_up():
            raise Interrupted
        time.sleep(1)
    raise CannotStart(f"supervisord ended; see {stack.layout.logs / 'supervisord.log'}.")


def _stop(stack: Stack, console: Console) -> None:
    if stack.started:
        with console.phase("stopping"):
            stack.stop()


def _on_signals(handler: Any) -> None:
    for number in SIGNALS:
        signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    _on_signals(signal.SIG_IGN)  # make and the terminal may both pass the same request on
    raise Interrupted


def _hurry(stack: Stack) -> Callable[[int, FrameType | None], None]:
    """A second request to stop, when it is not an echo of the first, kills."""
    since = time.monotonic()

    def handle(number: int, frame: FrameType | None) -> None:
        if time.monotonic() - since > ECHO_SECONDS:
            stack.kill()

    return handle


def down(state: Path, console: Console) -> None:
    """Stop the stack of this folder, and whatever an interrupted one left."""
    holder = Lock(state).holder()
    if holder:
        with console.phase(f"stopping process {holder}"):
            _terminate(holder, state)
    count = strays.stop(state)
    supervision.remove(Layout(state))
    if count:
        console.line(f"Stopped {count} processes of an interrupted run.")
    elif not holder:
        console.line("Nothing is running.")


def _terminate(holder: int, state: Path) -> None:
    try:
        os.kill(holder, signal.SIGTERM)
        if not Lock(state).wait_released(DOWN_SECONDS):
            os.kill(holder, signal.SIGKILL)
    except ProcessLookupError:
        pass  # it was about to end by itself
    except PermissionError:
        raise CannotStart(f"Process {holder} belongs to another user, who must stop it.") from None


def status(state: Path, console: Console) -> None:
    """One line a process: its state, its process id, since when."""
    try:
        processes = Supervisor(Layout(state).socket).processes()
    except OSError:
        raise CannotStart("Nothing is running. `make up` starts it.") from None
    for name, info in processes.items():
        console.line(f"{name:<16} {info['statename']:<9} {info['description']}")


def logs(state: Path, console: Console) -> None:
    """Follow every log."""
    files = sorted(str(file) for file in (state / "logs").glob("*.log"))
    if not files:
        raise CannotStart("There are no logs yet. `make up` makes some.")
    tail = shutil.which("tail") or "tail"
    os.execv(tail, [tail, "-n", "20", "-F", *files])  # noqa: S606 - no shell


def migrate(state: Path, console: Console) -> None:
    """Bring the databases up to date, with the stack stopped."""
    _on_signals(_interrupt)
    try:
        _stack(state, console).migrate()
    except Interrupted:
        console.line()


def reset(state: Path, console: Console) -> None:
    """Stop the stack and delete its data, secrets and logs."""
    down(state, console)
    for path in state.glob("*"):
        if path.name == "bootstrap":
            continue  # the installer, which is no data
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    console.line(f"Deleted the data in {state}.")
