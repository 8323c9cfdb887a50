"""Which months leave the ledger, and how none of their rows can be lost on the way.

A month is written to a file, the file is read back, and only if it holds what the month holds, by
rows and by sums, is the month dropped, in the transaction that notes where it went. Whatever is
killed in between, the month is still in the ledger and its file is written again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Engine

from tollgate_common.logging import get_logger
from tollgate_common.metrics import ledger_months_archived
from tollgate_reports.archives import repository
from tollgate_reports.archives.files import Folder
from tollgate_reports.archives.repository import Figures
from tollgate_reports.database import engine_of
from tollgate_reports.settings import WorkerSettings

DROP_ATTEMPTS = 5

log = get_logger(__name__)


class Archived(NamedTuple):
    """One month; `dropped` is False when its file and the ledger did not agree, as after an event
    that came late, or when the ledger was too busy. Then the next run does it again."""

    month: datetime
    file: str
    figures: Figures
    dropped: bool

    def as_json(self) -> dict[str, Any]:
        return {
            "month": f"{self.month:%Y-%m}",
            "file": self.file,
            "rows": self.figures.rows,
            "cost_usd": f"{self.figures.cost:.9f}",
            "dropped": self.dropped,
        }


class Archive:
    """Moves months into `folder`. Storage or a database that is away raises OSError or
    SQLAlchemy's `OperationalError`: what is not moved yet stays in the ledger."""

    def __init__(self, engine: Engine, folder: Folder, keep_months: int) -> None:
        self._engine = engine
        self._folder = folder
        self._keep_months = keep_months

    def run(self, now: datetime | None = None) -> Iterator[Archived]:
        """Every month that is due, oldest first; none while somebody else does the same."""
        with self._engine.begin() as connection:
            if not repository.alone(connection):
                log.info("archive_runs_elsewhere")
                return
            end = first_kept(now or datetime.now(UTC), self._keep_months)
            for month in repository.months_before(connection, end):
                yield self._move(month)

    def _move(self, month: datetime) -> Archived:
        with self._engine.begin() as connection:
            file = self._folder.write(month, repository.read(connection, month))
        figures = self._folder.figures(file)
        dropped = self._drop(month, file, figures)
        ledger_months_archived.labels("archived" if dropped else "kept").inc()
        tell = log.info if dropped else log.error
        tell("month_archived" if dropped else "month_not_archived", month=f"{month:%Y-%m}",
             file=file, rows=figures.rows)  # fmt: skip
        return Archived(month, file, figures, dropped)

    def _drop(self, month: datetime, file: str, figures: Figures) -> bool:
        for _ in range(DROP_ATTEMPTS):
            try:
                with self._engine.begin() as connection:
                    return repository.drop(connection, month, file, figures)
            except repository.Busy:
                log.info("archive_waits", month=f"{month:%Y-%m}")
        return False


@contextmanager
def archive_of(settings: WorkerSettings, url: str) -> Iterator[Archive]:
    """For a command: with database connections of its own."""
    engine = engine_of(settings)
    try:
        yield Archive(engine, Folder(url), settings.ledger_keep_months)
    finally:
        engine.dispose()


def first_kept(now: datetime, keep_months: int) -> datetime:
    """The first month that stays: so many whole months before the current one do."""
    months = now.year * 12 + now.month - 1 - keep_months
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)
