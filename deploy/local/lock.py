"""One stack a state folder: a lock that the kernel lets go of when its holder dies."""

import fcntl
import os
import time
from pathlib import Path
from typing import TextIO

from deploy.local.errors import CannotStart


class Lock:
    """Held by `make up` while it runs; the file names its process."""

    def __init__(self, state: Path) -> None:
        self.file = state / "up.lock"
        self._held: TextIO | None = None

    def acquire(self) -> None:
        """Raises CannotStart where another process holds it."""
        stream = self.file.open("a+")
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.close()
            raise CannotStart(
                f"Tollgate is already running from {self.file.parent} (process {self.holder()})."
                " `make down` stops it."
            ) from None
        stream.truncate(0)
        stream.write(f"{os.getpid()}\n")
        stream.flush()
        self._held = stream

    def release(self) -> None:
        if self._held:
            self._held.close()
            self._held = None

    def holder(self) -> int | None:
        """The process that holds the lock; None where none does."""
        try:
            with self.file.open() as stream:
                try:
                    fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    return int(stream.read() or 0) or None
        except FileNotFoundError:
            pass
        return None

    def wait_released(self, seconds: float) -> bool:
        """Whether the holder let go in time."""
        deadline = time.monotonic() + seconds
        while self.holder() is not None:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True
