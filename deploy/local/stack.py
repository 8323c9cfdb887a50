"""The whole of Tollgate on one machine, started and stopped as one.

    settings = LocalSettings.load(None, ports.free(port_names()))
    with Stack(settings, Path("/tmp/state")) as stack:
        stack.credentials["TOLLGATE_API_KEY"], stack.url("gateway")

Nothing of it outlives the process that started it, not even when that is killed: supervisord is
tied to it, and every program to supervisord (see tether.py); what slips through is found by its
state folder at the next start or stop. Start it from the main thread, which is what it is tied to.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from dotenv import dotenv_values

from deploy.local import ports, programs, schemas, secret, strays, supervision
from deploy.local.console import Console, Silent
from deploy.local.data import DataServers
from deploy.local.errors import CannotStart
from deploy.local.lock import Lock
from deploy.local.programs import Command, Program, Surroundings
from deploy.local.settings import LocalSettings
from deploy.local.supervision import Layout, Supervisor
from deploy.local.tasks import Tasks
from deploy.local.waiting import Check, Waiting, readiness
from tollgate_common.embedded.process import EmbeddedServerError, tethered

DATA_SECONDS = 60
SERVICE_SECONDS = 120


class Stack:
    """`extra`: further variables for the services. `console`: who hears about the progress.
    `command`: how a service's commands are run.
    """

    def __init__(
        self,
        settings: LocalSettings,
        state: Path,
        extra: Mapping[str, str] | None = None,
        console: Console | None = None,
        command: Command = programs.console_script,
    ) -> None:
        self.settings = settings
        self.state = state.resolve()
        self.extra = extra or {}
        self.console = console or Silent()
        self.command = command
        self.layout = Layout(self.state)
        self._lock = Lock(self.state)
        self._supervisord: subprocess.Popen[bytes] | None = None

    @property
    def credentials_file(self) -> Path:
        return self.state / "credentials.env"

    @property
    def credentials(self) -> dict[str, str]:
        """TOLLGATE_URL, TOLLGATE_ADMIN_EMAIL, TOLLGATE_ADMIN_PASSWORD, TOLLGATE_API_KEY."""
        return {name: value or "" for name, value in dotenv_values(self.credentials_file).items()}

    @property
    def supervisor(self) -> Supervisor:
        return Supervisor(self.layout.socket)

    def url(self, service: str) -> str:
        """Of `gateway`, `auth`, `llm`, `reports` or `sandbox`."""
        return f"http://{ports.ADDRESS}:{getattr(self.settings, f'{service}_port')}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Everything, until it is ready. Raises CannotStart, and leaves nothing running then."""
        self._claim()
        try:
            tasks, services = self._start_data()
            fresh = self._migrate(tasks)
            self._start_services(tasks, services, seed=fresh)
        except BaseException as error:
            self.stop()
            raise _explained(error) from error

    def migrate(self) -> None:
        """Only bring the databases up to date; nothing runs afterwards."""
        self._claim()
        try:
            tasks, _ = self._start_data()
            self._migrate(tasks)
        except EmbeddedServerError as error:
            raise _explained(error) from error
        finally:
            self.stop()

    def alive(self) -> bool:
        """Whether supervisord runs, which keeps the others running."""
        return self._supervisord is not None and self._supervisord.poll() is None

    @property
    def started(self) -> bool:
        """Whether there is something to stop."""
        return self._supervisord is not None

    def kill(self) -> None:
        """Stop everything now; running requests are lost."""
        if self._supervisord:
            self._supervisord.kill()
        strays.stop(self.state, grace=1)

    def stop(self) -> None:
        """Stop everything and make sure of it. Running requests get `graceful_timeout` to end."""
        if self._supervisord:
            self._supervisord.terminate()
            try:
                self._supervisord.wait(3 * self._stop_seconds)
            except subprocess.TimeoutExpired:
                self._supervisord.kill()
                self._supervisord.wait()
            self._supervisord = None
        strays.stop(self.state)
        supervision.remove(self.layout)
        self._lock.release()

    @property
    def _stop_seconds(self) -> int:
        return self.settings.graceful_timeout + 5

    def _claim(self) -> None:
        supervision.private_folder(self.state)
        self._lock.acquire()

    def _start_data(self) -> tuple[Tasks, list[Program]]:
        """PostgreSQL, Redis, and what the rest needs of them."""
        with self.console.phase("checks"):
            data, surroundings = self._check()
        services = programs.services(surroundings, self.command)
        with self.console.phase("PostgreSQL and Redis"):
            supervision.write(self.layout, [*data.prepare(), *services], self._stop_seconds)
            self._supervisord = self._spawn_supervisord()
            self._wait({"supervisord": self.supervisor.lacks, **data.checks()}, DATA_SECONDS)
            data.finish()
        return Tasks(self.layout, surroundings, self.command), services

    def _check(self) -> tuple[DataServers, Surroundings]:
        if count := strays.stop(self.state):
            self.console.step(f"({count} processes of an interrupted run stopped)")
        ports.check_free(self.settings.ports())
        secrets = secret.load(self.state / "secrets.env", data=self.state / "postgres" / "data")
        data = DataServers.of(self.settings, secrets, self.state)
        data.check_foreign()
        surroundings = Surroundings(
            self.settings, secrets, data.database_url, data.redis_url, self.state, self.extra
        )
        return data, surroundings

    def _spawn_supervisord(self) -> "subprocess.Popen[bytes]":
        configuration = str(self.layout.configuration)
        words = [sys.executable, "-m", "supervisor.supervisord", "-c", configuration]
        with supervision.private_log(self.layout.logs / "supervisord.out") as output:
            return subprocess.Popen(
                tethered(words, parent=os.getpid()),
                cwd=self.state,
                env=os.environ | {strays.MARK: str(self.state)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                umask=0o077,  # logs are made by it, for us alone
            )

    def _migrate(self, tasks: Tasks) -> bool:
        """Whether there was something to do."""
        with self.console.phase("migrations"):
            services = schemas.outdated(tasks.surroundings.database_url)
            wanted = {f"migrate-{service}": (service, "migrate") for service in services}
            tasks.run(wanted, self.console.step)
        return bool(services)

    def _start_services(self, tasks: Tasks, services: Sequence[Program], seed: bool) -> None:
        """The seed runs while they start: each of the two waits for a processor half the time.
        Credentials that are there belong to data that are there, unless those are fresh."""
        with self.console.phase("services"):
            self.supervisor.start_services()
            if seed or not self.credentials_file.exists():
                tasks.run({"seed": ("auth", "seed", "--file", str(self.credentials_file))})
            self._wait({each.name: readiness(each) for each in services}, SERVICE_SECONDS)

    def _wait(self, checks: Mapping[str, Check], seconds: float) -> None:
        waiting = Waiting(self.layout, self.supervisor, self.alive)
        waiting.until_ready(checks, seconds, self.console.step)


def _explained(error: BaseException) -> BaseException:
    return CannotStart(str(error)) if isinstance(error, EmbeddedServerError) else error
