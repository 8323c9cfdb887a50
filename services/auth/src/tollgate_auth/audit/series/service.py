"""Counting what occurs into the audit log, and closing what is over.

All of it happens under the lock of the organisation, so that of several processes one opens a
series and one closes it.
"""

import hashlib
from datetime import UTC, datetime, timedelta

import msgspec
from sqlalchemy.exc import NoResultFound

from tollgate_auth.audit import service as audit
from tollgate_auth.audit.models import AuditEntry
from tollgate_auth.audit.series import repository
from tollgate_auth.audit.series.models import AuditSeries
from tollgate_auth.organisations import repository as organisations
from tollgate_auth.unit_of_work import unit_of_work
from tollgate_common.audit import AuditBatch, AuditEvent, Occurrences
from tollgate_common.audit.counts import anybody
from tollgate_common.logging import get_logger

WINDOW = timedelta(minutes=15)
MOST_SERIES = 1000
"""Open series of an organisation; beyond them actor and target of an event are `other`."""
BATCHES_KEPT = timedelta(days=2)
CLOSED_AT_ONCE = 200

log = get_logger(__name__)


def take(batch: AuditBatch, now: datetime | None = None) -> None:
    """Count a batch, in a transaction of its own. One that was counted before, or is of an
    organisation that is not there, changes nothing."""
    moment = now or datetime.now(UTC)
    try:
        with unit_of_work():
            if repository.add_batch(batch.id):
                organisations.lock(batch.org)
                counting = _Counting(batch, moment)
                for occurrences in batch.occurrences:
                    counting.add(occurrences)
    except NoResultFound:
        log.error("audit_batch_of_no_organisation", batch=batch.id)


def close_over(now: datetime | None = None) -> int:
    """Close the series whose window is over, and return how many were; what was counted long ago
    is forgotten."""
    moment = now or datetime.now(UTC)
    with unit_of_work():
        repository.purge_batches(BATCHES_KEPT)
        orgs = repository.organisations_over(moment)
    return sum(_close_all(org, moment) for org in orgs)


def _close_all(org: str, now: datetime) -> int:
    closed = 0
    while True:
        with unit_of_work():
            organisations.lock(org)
            series = repository.over(org, now, CLOSED_AT_ONCE)
            for each in series:
                _close(each)
        if not series:
            return closed
        closed += len(series)


class _Counting:
    """Counts occurrences of one organisation, whose lock is held. Open series are read once."""

    def __init__(self, batch: AuditBatch, now: datetime) -> None:
        self._org = batch.org
        self._now = now
        events = [each.event for each in batch.occurrences]
        fingerprints = {_fingerprint(event) for event in (*events, *map(anybody, events))}
        self._series = repository.find_all(batch.org, fingerprints)
        self._open_series = repository.count(batch.org)

    def add(self, occurrences: Occurrences) -> None:
        event = occurrences.event
        series = self._current(event)
        if series is None and self._open_series >= MOST_SERIES:
            event = anybody(event)
            series = self._current(event)
        if series is None:
            self._open(event, occurrences)
        else:
            _raise_further(series, occurrences)

    def _current(self, event: AuditEvent) -> AuditSeries | None:
        """Return the event's series. One whose window is over is closed, and none is open then."""
        series = self._series.get(_fingerprint(event))
        if series is not None and series.ends_at <= self._now:
            _close(series)
            del self._series[series.fingerprint]
            self._open_series -= 1
            return None
        return series

    def _open(self, event: AuditEvent, occurrences: Occurrences) -> None:
        entry = _first_entry(self._org, event, occurrences)
        audit.append(entry)
        series = AuditSeries(
            org_id=self._org,
            fingerprint=_fingerprint(event),
            number=entry.number,
            ends_at=self._now + WINDOW,
            further=0,
            **_columns(event),
        )
        repository.add(series)
        self._series[series.fingerprint] = series
        self._open_series += 1


def _first_entry(org: str, event: AuditEvent, occurrences: Occurrences) -> AuditEntry:
    return AuditEntry(
        org_id=org,
        at=_moment(occurrences.first_at),
        last_at=_moment(occurrences.last_at),
        count=occurrences.count,
        after=occurrences.details,
        **occurrences.origin._asdict(),
        **_columns(event),
    )


def _raise_further(series: AuditSeries, occurrences: Occurrences) -> None:
    first, last = _moment(occurrences.first_at), _moment(occurrences.last_at)
    series.further += occurrences.count
    series.first_at = min(series.first_at or first, first)
    series.last_at = max(series.last_at or last, last)


def _close(series: AuditSeries) -> None:
    """Write down what has occurred since the opening entry, if anything has."""
    if series.further and series.first_at:
        entry = AuditEntry(
            org_id=series.org_id,
            at=series.first_at,
            last_at=series.last_at,
            count=series.further,
            continues=series.number,
            action=series.action,
            actor_kind=series.actor_kind,
            actor_id=series.actor_id,
            target_kind=series.target_kind,
            target_id=series.target_id,
            reason=series.reason,
        )
        audit.append(entry)
    repository.remove(series)


def _columns(event: AuditEvent) -> dict[str, str | None]:
    return {
        "action": event.action,
        "actor_kind": event.actor.kind,
        "actor_id": event.actor.id,
        "target_kind": event.target.kind,
        "target_id": event.target.id,
        "reason": event.reason,
    }


def _fingerprint(event: AuditEvent) -> bytes:
    return hashlib.sha256(msgspec.json.encode(event)).digest()


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
