"""What `make up` says while it works. Plain text; colours only on a terminal that wants them."""

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from typing import TextIO

WIDTH = 24


class Console:
    """Progress, one line a phase: `  PostgreSQL, Redis     ready  0.9 s`."""

    def __init__(self, stream: TextIO = sys.stdout) -> None:
        self.stream = stream
        self.terminal = stream.isatty()
        self.colours = self.terminal and "NO_COLOR" not in os.environ

    def hung_up(self) -> bool:
        """Whether this was a terminal and is none any more: make keeps that news to itself."""
        return self.terminal and not self.stream.isatty()

    def line(self, text: str = "") -> None:
        self._write(f"{text}\n")

    def error(self, text: str) -> None:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Name the phase, run the block, say how long it took."""
        started = time.monotonic()
        self._write(f"  {name:<{WIDTH}}")
        try:
            yield
        except BaseException:
            self._write(self.paint("31", "failed") + "\n")
            raise
        self._write(f"{self.paint('32', 'ok')}  {time.monotonic() - started:.1f} s\n")

    def step(self, name: str) -> None:
        """One part of the running phase is done."""
        self._write(f"{name} ")

    def bold(self, text: str) -> str:
        return self.paint("1", text)

    def paint(self, code: str, text: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self.colours else text

    def _write(self, text: str) -> None:
        try:
            self.stream.write(text)
            self.stream.flush()
        except OSError:  # the terminal is gone, and that must not keep us from stopping
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.stream.fileno())


class Silent(Console):
    """For tests, whose output is not for reading along."""

    def _write(self, text: str) -> None:
        pass
