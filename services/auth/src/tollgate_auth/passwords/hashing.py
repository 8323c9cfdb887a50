"""argon2id with the parameters of RFC 9106.

A hash takes 64 MiB and a core for a moment. Hashing runs two at a time in threads of its own, at a
lower priority than the threads that answer: key look-ups do not wait for logins.
"""

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tollgate_common.errors import TooMany

AT_ONCE = 2
WAITING = 32
NICENESS = 19

T = TypeVar("T")


class Passwords:
    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._threads = ThreadPoolExecutor(AT_ONCE, "argon2", initializer=_be_nice)
        self._places = threading.BoundedSemaphore(WAITING)

    def hash(self, password: str) -> str:
        return self._run(lambda: self._hasher.hash(password))

    def verify(self, known: str | None, password: str) -> bool:
        """Whether the password is the one that was hashed. With none known the answer is no, and
        takes as long."""
        return self._run(lambda: self._verify(known, password))

    def outdated(self, known: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(known)

    def _verify(self, known: str | None, password: str) -> bool:
        if known is None:
            self._hasher.hash(password)
            return False
        try:
            return self._hasher.verify(known, password)
        except (VerificationError, InvalidHashError):
            return False

    def _run(self, work: Callable[[], T]) -> T:
        """More than can be done in a few seconds is refused: threads that wait would be missing
        elsewhere."""
        if not self._places.acquire(blocking=False):
            raise TooMany("Too many logins at this moment; try again in a second.", 1)
        try:
            return self._threads.submit(work).result()
        finally:
            self._places.release()


def _be_nice() -> None:
    """Linux has a priority for each thread, and argon2's own threads inherit it."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
