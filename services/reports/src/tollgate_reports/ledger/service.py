"""The rules of the ledger: what a batch of events becomes, and which partitions there must be."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Engine

from tollgate_common.events.cloudevents import MalformedEvent
from tollgate_common.events.streams import Entry
from tollgate_common.logging import get_logger
from tollgate_common.metrics import events_consumed, ledger_rows
from tollgate_common.tickets.book import USAGE
from tollgate_reports.ledger import repository
from tollgate_reports.ledger.errors import NotInLedger
from tollgate_reports.ledger.repository import Parked
from tollgate_reports.ledger.schemas import Row, ledger_row, month_of

MONTHS_AHEAD = 2

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
                row = ledger_row(entry.raw)
                month_of(row["id"])
                bookings.append((entry, row))
            except MalformedEvent as error:
                parked.append(_parked(entry, str(error)))
        self._make_partitions({month_of(row["id"]) for _, row in bookings})
        self._write(bookings, parked)

    def make_partitions_ahead(self, now: datetime | None = None) -> None:
        """This month's partition and those of the next two."""
        month = (now or datetime.now(UTC)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        months = {month}
        for _ in range(MONTHS_AHEAD):
            months.add(month := repository.next_month(month))
        self._make_partitions(months)

    def _make_partitions(self, months: set[datetime]) -> None:
        with self._engine.connect() as connection:
            missing = repository.missing_partitions(connection, months) if months else []
        for month in missing:
            with self._engine.begin() as connection:
                repository.make_partition(connection, month)
            log.info("partition_made", month=f"{month:%Y-%m}")

    def _write(self, bookings: Sequence[Booking], parked: Sequence[Parked]) -> None:
        """One transaction; when the database refuses a row, one for each half, down to the row
        that it refuses."""
        try:
            with self._engine.begin() as connection:
                booked = repository.book(connection, [row for _, row in bookings])
                repository.park(connection, parked)
        except NotInLedger as refusal:
            if len(bookings) == 1:
                self._write([], [*parked, _parked(bookings[0][0], str(refusal))])
            else:
                middle = len(bookings) // 2
                self._write(bookings[:middle], parked)
                self._write(bookings[middle:], [])
        else:
            _count(booked, len(bookings) - booked, parked)


def _parked(entry: Entry, reason: str) -> Parked:
    return Parked(entry.stream, entry.id, entry.raw, reason)


def _count(booked: int, known: int, parked: Sequence[Parked]) -> None:
    ledger_rows.inc(booked)
    outcomes = (("booked", booked), ("known", known), ("parked", len(parked)))
    for outcome, count in outcomes:
        events_consumed.labels(USAGE, outcome).inc(count)
    for event in parked:
        log.error("event_parked", stream=event.stream, entry=event.entry_id, reason=event.reason)
