"""Time as the limit of a property: Hypothesis itself only knows a number of examples."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class TimeIsUp(BaseException):
    """What was called until now was right. No `Exception`, so that Hypothesis lets it through."""


class Clock:
    """As many seconds for each name, from when it is first asked about. Who has failed gets no
    such excuse: Hypothesis asks for the failure once more."""

    def __init__(self, each: float) -> None:
        self._each = each
        self._until: dict[str, float] = {}

    def check(self, name: str) -> None:
        now = time.monotonic()
        if now > self._until.setdefault(name, now + self._each):
            raise TimeIsUp

    @contextmanager
    def watching(self, name: str) -> Iterator[None]:
        self.check(name)
        try:
            yield
        except BaseException:
            self._until[name] = float("inf")
            raise
