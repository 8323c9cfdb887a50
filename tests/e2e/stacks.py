"""A stack of a test file's own: for what kills, counts or reads what other tests also use."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from deploy.local import ports, secret
from deploy.local.data import DataServers
from deploy.local.secret import Secrets
from deploy.local.settings import LocalSettings, port_names
from deploy.local.stack import Stack
from deploy.local.supervision import Supervisor
from tests.e2e.platform import Platform, eventually


@contextmanager
def own_platform(folder: Path, **settings: Any) -> Iterator[tuple[Stack, Platform]]:
    """On free ports, with data of its own below `folder`."""
    local = LocalSettings.load(None, {**ports.free(port_names()), **settings})
    with Stack(local, folder) as stack:
        platform = Platform.from_credentials(stack.credentials_file)
        platform.log_in()
        yield stack, platform
        platform.session.close()


def processes_of(stack: Stack, program: str) -> list[psutil.Process]:
    """The program's process and all below it."""
    first = psutil.Process(stack.supervisor.pids()[program])
    return [first, *first.children(recursive=True)]


def serving(stack: Stack, program: str) -> int:
    """How many of the program's processes hold connections of clients."""
    port = getattr(stack.settings, f"{program}_port")
    return sum(
        any(
            connection.status == psutil.CONN_ESTABLISHED and connection.laddr.port == port
            for connection in process.net_connections("tcp")
        )
        for process in processes_of(stack, program)
    )


def killed(stack: Stack, program: str) -> None:
    """Killed without a warning, and kept from starting again; see `started`."""
    for process in processes_of(stack, program):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    _Control(stack.layout.socket).stop(program)


def started(stack: Stack, program: str) -> None:
    """Runs again; not necessarily ready."""
    _Control(stack.layout.socket).start(program)


@contextmanager
def hanging(stack: Stack, program: str) -> Iterator[None]:
    """Alive, with its connections, and answering nothing."""
    processes = processes_of(stack, program)
    for process in processes:
        process.suspend()
    try:
        yield
    finally:
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.resume()


def secrets_of(stack: Stack) -> Secrets:
    return secret.load(stack.state / "secrets.env", data=stack.state / "postgres")


def data_of(stack: Stack) -> DataServers:
    """Where its PostgreSQL and Redis are, with their passwords."""
    return DataServers.of(stack.settings, secrets_of(stack), stack.state)


class _Control(Supervisor):
    """Beyond what the stack itself needs of supervisord."""

    def stop(self, program: str) -> None:
        """For a moment after its death a program cannot be stopped, only once it starts again."""
        eventually(lambda: self._stopped(program))

    def _stopped(self, program: str) -> bool:
        try:
            return bool(self._call("stopProcess", f"tollgate:{program}"))
        except OSError:
            return False

    def start(self, program: str) -> None:
        self._call("startProcess", f"tollgate:{program}", False)
