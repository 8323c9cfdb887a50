"""Waiting until programs are ready, and telling a slow start from a hopeless one."""

import http.client
import json
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from threading import Event

from deploy.local import ports
from deploy.local.errors import CannotStart
from deploy.local.programs import Program
from deploy.local.supervision import Layout, Supervisor

POLL_SECONDS = 0.05
FUTILE_STARTS = 3
TAIL_LINES = 20

Check = Callable[[], str | None]
"""None when ready, else what is missing."""


def readiness(program: Program) -> Check:
    """How a service shows that it is ready."""
    if program.port is not None:
        port = program.port
        return lambda: web_lacks(port)
    metrics_port = program.metrics_port
    if metrics_port is None:
        return lambda: None
    return lambda: None if ports.accepts(metrics_port) else f"nothing on port {metrics_port} yet"


def web_lacks(port: int) -> str | None:
    """What /readyz says is missing; None when nothing is."""
    connection = http.client.HTTPConnection(ports.ADDRESS, port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        response = connection.getresponse()
        body = response.read()
    except (OSError, http.client.HTTPException) as error:
        return f"/readyz does not answer: {error}"
    finally:
        connection.close()
    if response.status == http.client.OK:
        return None
    return f"/readyz says {response.status}: {_checks(body)}"


def _checks(body: bytes) -> str:
    try:
        checks = json.loads(body)["checks"]
        return ", ".join(f"{name} {state}" for name, state in checks.items())
    except (ValueError, KeyError, TypeError, AttributeError):
        return body.decode(errors="replace")[:200]


class Waiting:
    """Waits for several programs at once, each in a thread of its own."""

    def __init__(self, layout: Layout, supervisor: Supervisor, alive: Callable[[], bool]) -> None:
        self.layout = layout
        self.supervisor = supervisor
        self.alive = alive
        self._given_up = Event()
        self._starts: dict[str, set[int]] = {}

    def until_ready(
        self, checks: Mapping[str, Check], seconds: float, done: Callable[[str], None]
    ) -> None:
        """Calls `done(name)` as each gets ready; CannotStart, with its log, for what does not."""
        deadline = time.monotonic() + seconds
        lacking: dict[str, str] = {}
        with ThreadPoolExecutor(max(1, len(checks))) as pool:
            pending = {pool.submit(self._poll, n, c, lacking): n for n, c in checks.items()}
            try:
                while pending:
                    self._collect(pending, done)
                    self._check_hope(pending.values())
                    if pending and time.monotonic() > deadline:
                        raise self._too_slow(next(iter(pending.values())), seconds, lacking)
            finally:
                self._given_up.set()

    def _poll(self, name: str, check: Check, lacking: dict[str, str]) -> None:
        while not self._given_up.is_set() and (missing := check()):
            lacking[name] = missing
            time.sleep(POLL_SECONDS)

    def _collect(self, pending: dict[Future[None], str], done: Callable[[str], None]) -> None:
        finished, _ = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)
        for future in finished:
            future.result()
            done(pending.pop(future))

    def _check_hope(self, names: Collection[str]) -> None:
        """Raises CannotStart once a program we wait for has been started too often."""
        if not self.alive():
            raise CannotStart("supervisord ended.", tail(self.layout.logs / "supervisord.out"))
        for name, process in self.supervisor.pids().items():
            self._starts.setdefault(name, set()).add(process)
            if name in names and len(self._starts[name]) >= FUTILE_STARTS:
                raise CannotStart(f"{name} does not start.", tail(self.layout.logs / f"{name}.log"))

    def _too_slow(self, name: str, seconds: float, lacking: Mapping[str, str]) -> CannotStart:
        return CannotStart(
            f"{name} is not ready after {seconds:.0f} s: {lacking.get(name, 'no answer')}.",
            tail(self.layout.logs / f"{name}.log"),
        )


def tail(log: Path) -> str:
    """The end of a log, with its name."""
    try:
        lines = log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
    except FileNotFoundError:
        lines = []
    return "\n".join([f"The end of {log}:", *(f"  {line}" for line in lines or ["(empty)"])])
