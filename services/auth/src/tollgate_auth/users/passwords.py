"""Passwords: argon2id with the parameters of RFC 9106."""

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

AT_ONCE = 2


class Passwords:
    """Hashes and verifies, two at a time in a process: each takes 64 MiB and a core for a moment,
    and what else the process does should not wait for it."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._slots = threading.BoundedSemaphore(AT_ONCE)
        self._nobodys: str | None = None

    def hash(self, password: str) -> str:
        with self._slots:
            return self._hasher.hash(password)

    def verify(self, known: str | None, password: str) -> bool:
        """Whether the password is the one that was hashed. With none known the answer is no, and
        takes as long."""
        against = known or self._nobodys_hash()
        with self._slots:
            try:
                return self._hasher.verify(against, password) and known is not None
            except (VerificationError, InvalidHashError):
                return False

    def outdated(self, known: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(known)

    def _nobodys_hash(self) -> str:
        if self._nobodys is None:
            self._nobodys = self.hash("nobody's password")
        return self._nobodys
