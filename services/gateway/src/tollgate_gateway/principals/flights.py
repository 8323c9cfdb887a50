"""Single flight: however many ask for the same at the same time, it is done once.

All of them get its result, or its error. With it done, the next to ask does it again.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class Flights(Generic[T]):
    def __init__(self) -> None:
        self._flying: dict[str, Future[T]] = {}
        self._lock = threading.Lock()

    def run(self, name: str, work: Callable[[], T]) -> T:
        with self._lock:
            others = self._flying.get(name)
            if others is None:
                flight = self._flying[name] = Future()
        return others.result() if others is not None else self._fly(name, flight, work)

    def _fly(self, name: str, flight: Future[T], work: Callable[[], T]) -> T:
        try:
            result = work()
        except BaseException as error:
            flight.set_exception(error)
            raise
        else:
            flight.set_result(result)
            return result
        finally:
            with self._lock:
                del self._flying[name]
