"""Callers that go on and on, and remember when each call began and how it ended."""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, NamedTuple, Self

import requests

CALLERS = 12
CALLS_A_CONNECTION = 20


class Call(NamedTuple):
    """`began` and `ended` by `time.monotonic()`; status 0: the connection broke."""

    began: float
    ended: float
    status: int

    @property
    def seconds(self) -> float:
        return self.ended - self.began


class Crowd(ABC):
    """While it is entered, so many threads go on until `_stop` is set."""

    def __init__(self, threads: int) -> None:
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._go_on) for _ in range(threads)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    @abstractmethod
    def _go_on(self) -> None:
        """What each of the threads does."""


class Load(Crowd):
    """While it is entered, `callers` threads make the call again and again."""

    def __init__(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: Any = None,
        callers: int = CALLERS,
    ) -> None:
        super().__init__(callers)
        self.calls: list[Call] = []
        self._request = requests.Request(method, url, headers=dict(headers), json=body)

    def since(self, moment: float, until: float = float("inf")) -> list[Call]:
        """The calls that began between the two."""
        return [call for call in list(self.calls) if moment <= call.began < until]

    def _go_on(self) -> None:
        while not self._stop.is_set():
            with requests.Session() as session:
                prepared = session.prepare_request(self._request)
                for _ in range(CALLS_A_CONNECTION):
                    if not self._stop.is_set():
                        self.calls.append(self._call(session, prepared))

    def _call(self, session: requests.Session, prepared: requests.PreparedRequest) -> Call:
        began = time.monotonic()
        try:
            status = session.send(prepared, timeout=30).status_code
        except requests.RequestException:
            status = 0
        return Call(began, time.monotonic(), status)
