"""A stack of a test file's own: for what kills, counts or reads what other tests also use."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from deploy.local import ports
from deploy.local.settings import LocalSettings, port_names
from deploy.local.stack import Stack
from tests.e2e.platform import Platform


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
