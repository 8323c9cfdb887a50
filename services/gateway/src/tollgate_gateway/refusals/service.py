"""Counting refusals without making any of them wait.

A refusal adds one to a number in this process; a thread takes what has gathered to Redis every
second. A process that is killed takes the refusals of its last second with it. What is gathered is
bounded: whoever makes up names of models fills at most `MOST_FIELDS` numbers of an organisation.
"""

import threading
import time
from collections import deque
from http import HTTPStatus
from typing import NamedTuple

from redis.exceptions import RedisError

from tollgate_common.errors import from_exception
from tollgate_common.ids import new_uuid
from tollgate_common.logging import get_logger
from tollgate_common.metrics import dependency_failures, labelled, requests_refused
from tollgate_common.principal import Principal
from tollgate_common.refusal_counts import (
    MOST_FIELDS,
    OTHER_MODELS,
    Quarter,
    RefusalBook,
    Refused,
    quarter_of,
)

EVERY_SECONDS = 1.0
MOST_QUARTERS = 10_000
"""Organisations and quarters of an hour that wait while Redis is away; the oldest go first."""

log = get_logger(__name__)


class _Addition(NamedTuple):
    """What goes to Redis in one piece, under a number of its own, however often it is tried."""

    quarter: Quarter
    number: int
    counts: dict[Refused, int]


class RefusalService:
    def __init__(self, book: RefusalBook) -> None:
        self._book = book
        self._writer = new_uuid()
        self._number = 0
        self._gathered: dict[Quarter, dict[Refused, int]] = {}
        self._unsent: deque[_Addition] = deque()
        self._lock = threading.Lock()

    def note(self, principal: Principal, model: str | None, error: Exception) -> None:
        """Count a request that this error refuses. Outages are no refusals."""
        known = from_exception(error)
        if not HTTPStatus.BAD_REQUEST <= known.http_status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return
        labelled(requests_refused, known.error_code).inc()
        refused = Refused(
            principal.project, principal.key, principal.user, model, principal.mode,
            known.error_code,
        )  # fmt: skip
        with self._lock:
            self._count(quarter_of(principal.org, time.time()), refused)

    def _count(self, quarter: Quarter, refused: Refused) -> None:
        counts = self._gathered.get(quarter)
        if counts is None:
            if len(self._gathered) >= MOST_QUARTERS:
                del self._gathered[next(iter(self._gathered))]
            counts = self._gathered[quarter] = {}
        if len(counts) >= MOST_FIELDS and refused not in counts:
            refused = refused._replace(model=OTHER_MODELS)
        counts[refused] = counts.get(refused, 0) + 1

    def send_until(self, stop: threading.Event) -> None:
        """Take to Redis what has gathered, every second until told to stop, and then once more."""
        while not stop.wait(EVERY_SECONDS):
            self.send()
        self.send()

    def send(self) -> None:
        """Take to Redis what has gathered. With Redis away it is kept for the next time; what may
        have arrived although nobody said so is sent again under its number, and counts once."""
        if not self._unsent:
            with self._lock:
                gathered, self._gathered = self._gathered, {}
            for quarter, counts in gathered.items():
                self._number += 1
                self._unsent.append(_Addition(quarter, self._number, counts))
        try:
            while self._unsent:
                quarter, number, counts = self._unsent[0]
                self._book.add(quarter, self._writer, number, counts)
                self._unsent.popleft()
        except RedisError as error:
            log.warning("refusals_wait", error=type(error).__name__)
            dependency_failures.labels("redis").inc()
