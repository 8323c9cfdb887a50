"""Counting what occurs without making any request wait.

An occurrence adds one to a count in this process; a thread hands over to auth what has gathered,
every second. While auth takes nothing, the counts grow and do not become more: there are at most
`MOST_EVENTS` of an organisation, beyond which actor and target are `other`. A process that
ends or is killed takes with it what has occurred since it handed over last.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app

from tollgate_common.audit.events import (
    LONGEST_BATCH,
    Actor,
    AuditBatch,
    AuditEvent,
    Occurrences,
    Origin,
    Target,
)
from tollgate_common.audit.origin import AddressOf, current_origin
from tollgate_common.errors import DependencyDown
from tollgate_common.ids import new_uuid
from tollgate_common.logging import get_logger

EVERY_SECONDS = 1.0
MOST_EVENTS = 500
MOST_ORGANISATIONS = 10_000
OTHER_ACTOR, OTHER_TARGET = Actor("other", "other"), Target("other", "other")
_EXTENSION = "audit_counts"

Deliver = Callable[[AuditBatch], None]
"""Hands a batch over to auth, or raises `DependencyDown`."""

log = get_logger(__name__)


@dataclass(slots=True)
class _Count:
    count: int
    first_at: float
    last_at: float
    origin: Origin
    details: dict[str, str] | None


class AuditCounts:
    """`address_of` finds the address that the current request comes from."""

    def __init__(self, deliver: Deliver, address_of: AddressOf) -> None:
        self._deliver = deliver
        self._address_of = address_of
        self._gathered: dict[str, dict[AuditEvent, _Count]] = {}
        self._unsent: deque[AuditBatch] = deque()
        self._lock = threading.Lock()
        self._sending = threading.Lock()

    def register(self, app: Flask) -> None:
        app.extensions[_EXTENSION] = self

    def note(self, org: str, event: AuditEvent, details: dict[str, str] | None = None) -> None:
        """Count one occurrence of the event in the organisation, just now. Of events that are alike
        the details of the first are kept."""
        now, origin = time.time(), current_origin(self._address_of)
        with self._lock:
            counts = self._of(org)
            if len(counts) >= MOST_EVENTS and event not in counts:
                event = anybody(event)
            counted = counts.get(event)
            if counted is None:
                counts[event] = _Count(1, now, now, origin, details)
            else:
                counted.count, counted.last_at = counted.count + 1, now

    def send_until(self, stop: threading.Event) -> None:
        """Hand over what has gathered, every second until told to stop, and then once more."""
        while not stop.wait(EVERY_SECONDS):
            self.send()
        self.send()

    def send(self) -> None:
        """Hand over what has gathered. What was not taken is kept, and sent again as it was."""
        with self._sending:
            if not self._unsent:
                self._unsent.extend(self._batches())
            try:
                while self._unsent:
                    self._deliver(self._unsent[0])
                    self._unsent.popleft()
            except DependencyDown as down:
                log.warning("audit_counts_wait", error=down.what)

    def _of(self, org: str) -> dict[AuditEvent, _Count]:
        counts = self._gathered.get(org)
        if counts is None:
            if len(self._gathered) >= MOST_ORGANISATIONS:
                del self._gathered[next(iter(self._gathered))]
            counts = self._gathered[org] = {}
        return counts

    def _batches(self) -> list[AuditBatch]:
        with self._lock:
            gathered, self._gathered = self._gathered, {}
        return [
            AuditBatch(id=new_uuid(), org=org, occurrences=part)
            for org, counts in gathered.items()
            for part in _parts(counts)
        ]


def audit_counts() -> AuditCounts:
    """Return the counts of the current app."""
    return cast(AuditCounts, current_app.extensions[_EXTENSION])


def anybody(event: AuditEvent) -> AuditEvent:
    """Return the event without who and what: there are few such, whatever a caller does."""
    return event._replace(actor=OTHER_ACTOR, target=OTHER_TARGET)


def _parts(counts: dict[AuditEvent, _Count]) -> list[tuple[Occurrences, ...]]:
    """Return the counts in as many parts as batches need."""
    occurrences = [
        Occurrences(
            event=event,
            count=counted.count,
            first_at=counted.first_at,
            last_at=counted.last_at,
            origin=counted.origin,
            details=counted.details,
        )
        for event, counted in counts.items()
    ]
    starts = range(0, len(occurrences), LONGEST_BATCH)
    return [tuple(occurrences[start : start + LONGEST_BATCH]) for start in starts]
