"""The rules of the ledger: what a batch of events becomes, and which partitions there must be."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from sqlalchemy import Engine

from tollgate_common.events.cloudevents import MalformedEvent
from tollgate_common.events.streams import Entry
from tollgate_common.logging import get_logger
from tollgate_common.metrics import (
    events_consumed,
    ledger_capped_requests,
    ledger_estimated_requests,
    ledger_rows,
    ledger_unpriced_requests,
)
from tollgate_common.tickets.book import USAGE
from tollgate_reports.alerts.service import raise_alerts
from tollgate_reports.ledger import repository
from tollgate_reports.ledger.errors import BatchTooSlow, NotInLedger
from tollgate_reports.ledger.repository import Booked, Parked
from tollgate_reports.ledger.schemas import Row, ledger_row
from tollgate_reports.partitions import repository as partitions

MONTHS_AHEAD = 2
ARCHIVED = "its month is archived: {month:%Y-%m}"

log = get_logger(__name__)

Booking = tuple[Entry, Row]


class Ledger:
    """Books usage events. An event is booked once however often it comes; one that cannot be
    booked is parked with the reason and holds up nothing. With the database away every method
    raises SQLAlchemy's `OperationalError`: the events stay where they are."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def take(self, entries: Sequence[Entry]) -> None:
        """Book or park what came; committed when this returns."""
        bookings: list[Booking] = []
        parked: list[Parked] = []
        for entry in entries:
            try:
                bookings.append((entry, ledger_row(entry.raw)))
            except MalformedEvent as error:
                parked.append(_parked(entry, str(error)))
        archived = self.make_partitions({row.month for _, row in bookings})
        if archived:
            late = [booking for booking in bookings if booking[1].month in archived]
            bookings = [booking for booking in bookings if booking[1].month not in archived]
            parked += [_parked(entry, ARCHIVED.format(month=row.month)) for entry, row in late]
        self._write(bookings, parked)

    def make_partitions_ahead(self, now: datetime | None = None) -> None:
        """This month's partition and those of the next two."""
        month = (now or datetime.now(UTC)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        months = {month}
        for _ in range(MONTHS_AHEAD):
            months.add(month := partitions.next_month(month))
        self.make_partitions(months)

    def make_partitions(self, months: Collection[datetime]) -> set[datetime]:
        """Those that are missing; the months that get none, because they are archived."""
        with self._engine.connect() as connection:
            missing = partitions.missing(connection, months) if months else []
        archived = set()
        for month in missing:
            with self._engine.begin() as connection:
                made = partitions.make(connection, month)
            if made:
                log.info("partition_made", month=f"{month:%Y-%m}")
            else:
                archived.add(month)
        return archived

    def _write(self, bookings: Sequence[Booking], parked: Sequence[Parked]) -> None:
        """One transaction; when the database refuses a row or does not get through, one for each
        half, down to the row that it refuses."""
        try:
            with self._engine.begin() as connection:
                booked = repository.book(connection, [row.line for _, row in bookings])
                if booked.unpriced or booked.capped:
                    raise_alerts(connection)
                repository.park(connection, parked)
        except (NotInLedger, BatchTooSlow) as refusal:
            if len(bookings) > 1:
                middle = len(bookings) // 2
                self._write(bookings[:middle], parked)
                self._write(bookings[middle:], [])
            elif isinstance(refusal, NotInLedger):
                self._write([], [*parked, _parked(bookings[0][0], str(refusal))])
            else:
                raise
        else:
            _count(booked, len(bookings) - booked.rows, parked)


def _parked(entry: Entry, reason: str) -> Parked:
    return Parked(entry.stream, entry.id, entry.raw, reason)


def _count(booked: Booked, known: int, parked: Sequence[Parked]) -> None:
    ledger_rows.inc(booked.rows)
    ledger_unpriced_requests.inc(booked.unpriced)
    ledger_capped_requests.inc(booked.capped)
    ledger_estimated_requests.inc(booked.estimated)
    outcomes = (("booked", booked.rows), ("known", known), ("parked", len(parked)))
    for outcome, count in outcomes:
        events_consumed.labels(USAGE, outcome).inc(count)
    for event in parked:
        log.error("event_parked", stream=event.stream, entry=event.entry_id, reason=event.reason)
