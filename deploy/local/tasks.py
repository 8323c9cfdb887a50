"""Commands of the services that run to their end: migrations and the seed."""

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from deploy.local.errors import CannotStart
from deploy.local.programs import Command, Surroundings
from deploy.local.strays import MARK
from deploy.local.supervision import Layout, private_log, write_environment
from deploy.local.waiting import tail
from tollgate_common.embedded.process import tethered

SECONDS = 120


class Tasks:
    """Runs service commands side by side; what they print goes to `logs/<task>.log`."""

    def __init__(self, layout: Layout, surroundings: Surroundings, command: Command) -> None:
        self.layout = layout
        self.command = command
        self.surroundings = surroundings

    def run(
        self, tasks: Mapping[str, Sequence[str]], done: Callable[[str], None] = lambda name: None
    ) -> None:
        """`tasks`: name → service and words. Raises CannotStart with the log of one that fails."""
        deadline = time.monotonic() + SECONDS
        running = {name: self._start(name, *words) for name, words in tasks.items()}
        try:
            while running:
                for name, process in list(running.items()):
                    if process.poll() is not None:
                        del running[name]
                        self._judge(name, process.returncode)
                        done(name)
                if running and time.monotonic() > deadline:
                    self._judge(next(iter(running)), None)
                time.sleep(0.02)
        finally:
            for process in running.values():
                process.kill()
                process.wait()

    def _start(self, name: str, service: str, *words: str) -> "subprocess.Popen[bytes]":
        environment = write_environment(self.layout, name, self.surroundings.of(service))
        with private_log(self._log(name)) as log:
            return subprocess.Popen(
                tethered(self.command(service, *words), env=environment, parent=os.getpid()),
                cwd=self.layout.state,
                env=os.environ | {MARK: str(self.layout.state)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                umask=0o077,
            )

    def _judge(self, name: str, code: int | None) -> None:
        if code:
            raise CannotStart(f"{name} failed.", tail(self._log(name)))
        if code is None:
            raise CannotStart(f"{name} is not done after {SECONDS} s.", tail(self._log(name)))

    def _log(self, name: str) -> Path:
        return self.layout.logs / f"{name}.log"
