"""All comparisons, one after the other."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from redis import Redis
from sqlalchemy import Connection, Engine, RowMapping

from tollgate_common.errors import DependencyDown
from tollgate_common.logging import get_logger
from tollgate_common.metrics import books_drift
from tollgate_common.refusal_counts import RefusalBook
from tollgate_common.tickets import buckets
from tollgate_reports.ledger.models import COUNTS
from tollgate_reports.verification import (
    counters,
    lines,
    refusals,
    repository,
    served,
    snapshots,
)
from tollgate_reports.verification.schemas import KINDS, Drift, Findings, KnownLimit, Served
from tollgate_reports.verification.snapshots import TooBusy

DAY = timedelta(days=1)
OTHER_SUMS = "The rollups are not the sums of the ledger: one was written without the other."
NO_LEASE = "The reaper goes by leases: it would stay open for ever."
NOT_BOOKED = "Events that could not be booked: see `tollgate-reports parked`."

log = get_logger(__name__)

Limits = Callable[[], Iterable[KnownLimit]]
Log = Callable[[datetime], Iterable[Served]]


class Verification:
    """`limits` and `log` raise `DependencyDown`: what they were asked for is then not compared."""

    def __init__(
        self,
        engine: Engine,
        redis: Redis,
        limits: Limits,
        log: Log | None,
        blur: timedelta = counters.BLUR,
    ) -> None:
        self._engine = engine
        self._redis = redis
        self._limits = limits
        self._log = log
        self._blur = blur
        self._drifts: list[Drift] = []
        self._compared = dict.fromkeys(("counters", "rollups", "lines", "served", "refusals"), 0)
        self._unchecked: list[str] = []

    def run(self, days: int) -> Findings:
        """`days`: how far back rollups, lines and the sandbox's log are looked at. With Redis or
        PostgreSQL away it raises what these raise."""
        since = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - days * DAY
        self._compare_log(since)
        self._compare_counters()
        self._compare_rollups(since)
        self._compare_lines(since)
        self._compare_refusals()
        for kind in KINDS:
            books_drift.labels(kind).set(sum(drift.kind == kind for drift in self._drifts))
        for drift in self._drifts:
            log.error("books_drift", **drift._asdict())
        return Findings(self._drifts, self._compared, self._unchecked)

    def _compare_counters(self) -> None:
        try:
            found = counters.counters_of(self._limits(), datetime.now(UTC))
        except DependencyDown:
            self._unchecked.append("counters: auth, which knows the limits, does not answer")
            found = {}
        for tag in buckets():
            for ticket in snapshots.without_lease(self._redis, tag):
                drift = Drift("ticket_without_lease", ticket, "no lease", "one", NO_LEASE)
                self._drifts.append(drift)
            if tag in found:
                self._compare_bucket(tag, found[tag])

    def _compare_bucket(self, tag: str, of_bucket: list[counters.Counter]) -> None:
        try:
            snapshot = snapshots.take(self._redis, tag, [each.name for each in of_bucket])
        except TooBusy:
            self._unchecked.append(f"counters of bucket {tag}: too much happens or waits")
            return
        with self._engine.begin() as connection:
            repository.begin(connection)
            self._drifts += counters.compare(connection, of_bucket, snapshot, self._blur)
        self._compared["counters"] += len(of_bucket)

    def _compare_rollups(self, since: datetime) -> None:
        with self._engine.begin() as connection:
            repository.begin(connection)
            if count := repository.count_parked(connection):
                self._drifts.append(Drift("parked", "events", str(count), "0", NOT_BOOKED))
            day = max(since, repository.first_kept(connection) or since)
            while day <= datetime.now(UTC):
                for row in repository.rolled_up(connection, day, day + DAY):
                    self._compared["rollups"] += 1
                    self._drifts += _rollup_drifts(row)
                day += DAY

    def _compare_lines(self, since: datetime) -> None:
        """A day at a time, by when rows were made: they never change, so no day needs to be of the
        same moment as the others, and none of them holds a transaction open for long."""
        start, end = since, datetime.now(UTC) + repository.SLACK
        while start < end:
            with self._engine.begin() as connection:
                repository.begin(connection)
                for row in repository.lines_between(connection, start, start + DAY):
                    self._compared["lines"] += 1
                    self._drifts += lines.differing(row)
            start += DAY

    def _compare_refusals(self) -> None:
        for _, drifts in refusals.compare(self._engine, RefusalBook(self._redis)):
            self._compared["refusals"] += 1
            self._drifts += drifts

    def _compare_log(self, since: datetime) -> None:
        """The log first, then Redis, then the ledger: so what moves on is never missed."""
        if self._log is None:
            return
        looked_at = datetime.now(UTC)
        try:
            log_lines = served.by_ticket(self._log(since))
            elsewhere = self._open_or_waiting()
        except DependencyDown:
            self._unchecked.append("the sandbox's log: the sandbox does not answer")
            return
        except TooBusy:
            self._unchecked.append("the sandbox's log: too much happens or waits")
            return
        with self._engine.begin() as connection:
            repository.begin(connection)
            booked = set()
            for row in repository.rows_of(connection, log_lines):
                booked.add(row["id"])
                self._drifts += served.differing(row, log_lines[row["id"]])
            self._drifts += served.unbooked(log_lines, booked, elsewhere)
            self._drifts += self._unserved(connection, log_lines, since, looked_at)
        self._compared["served"] = len(log_lines)

    def _unserved(
        self, connection: Connection, log: dict[UUID, list[Served]], since: datetime, at: datetime
    ) -> Iterator[Drift]:
        rows = repository.answered_by(
            connection, served.PROVIDER, since + self._blur, at - self._blur
        )
        return served.unserved(rows, log)

    def _open_or_waiting(self) -> set[UUID]:
        found: set[UUID] = set()
        for tag in buckets():
            snapshot = snapshots.take(self._redis, tag, [])
            found |= {UUID(ticket) for ticket in snapshot.open}
            found |= {UUID(usage.ticket.id) for usage in snapshot.waiting}
        return found


def _rollup_drifts(row: RowMapping) -> Iterator[Drift]:
    for name in (*COUNTS, "cost"):
        found, expected = row[f"rolled_{name}"] or 0, row[f"booked_{name}"] or 0
        if found != expected:
            of = f"{row['org']} {row['project']} {row['model']} {row['status']} {row['mode']}"
            what = f"{name} of {row['bucket']:%Y-%m-%dT%H:%MZ} {of}"
            yield Drift("rollup", what, str(found), str(expected), OTHER_SUMS)
