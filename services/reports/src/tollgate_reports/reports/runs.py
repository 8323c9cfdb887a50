"""Working on report runs, and finding those whose worker died."""

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta

from redis.exceptions import RedisError
from sqlalchemy import Connection, Engine, RowMapping
from sqlalchemy.exc import InterfaceError, OperationalError

from tollgate_common.logging import get_logger
from tollgate_common.metrics import jobs_finished
from tollgate_reports.reports import repository, request_rows
from tollgate_reports.reports.errors import ReportTooLarge
from tollgate_reports.reports.repository import ReportFile
from tollgate_reports.reports.schemas import question_of
from tollgate_reports.requests import repository as requests
from tollgate_reports.requests.service import with_adjustments
from tollgate_reports.settings import QUEUE
from tollgate_reports.usage import repository as usage
from tollgate_reports.usage.schemas import Question

ATTEMPTS_MAX = 3
ABANDONED_AFTER = timedelta(seconds=30)
SWEEP_AT_ONCE = 100
CSV = "text/csv; charset=utf-8"
ROWS_MAX = 1_000_000
RUN_SECONDS = 300

log = get_logger(__name__)

Enqueue = Callable[[str], object]


class Runs:
    """What workers do with report runs. With the database away every method raises SQLAlchemy's
    `OperationalError`, and the run is taken up again later."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def run(self, report: str) -> None:
        """Make the report. Does nothing for one that is finished, or that another works on."""
        with self._engine.begin() as connection:
            if repository.lock(connection, report) is None:
                return
            repository.start(connection, report)
        try:
            with self._engine.begin() as connection:
                done = self._make(connection, report)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever fails, the run says so
            self._fail(report, error)
        else:
            if done:
                jobs_finished.labels(QUEUE, "ready").inc()
                log.info("report_ready", report=report)

    def sweep(self, enqueue: Enqueue) -> None:
        """Queue again what nobody works on; give up what has died too often."""
        with self._engine.begin() as connection:
            found = repository.abandoned(connection, ABANDONED_AFTER, SWEEP_AT_ONCE)
            dying = [row["id"] for row in found if row["attempts"] >= ATTEMPTS_MAX]
            for report in dying:
                repository.fail(connection, report, f"The run died {ATTEMPTS_MAX} times.")
        for row in found:
            if row["id"] not in dying:
                log.warning("report_run_again", report=row["id"], attempts=row["attempts"])
                enqueue(row["id"])

    def purge(self, age: timedelta) -> None:
        """Delete what ended `age` ago."""
        with self._engine.begin() as connection:
            count = repository.purge(connection, age)
        if count:
            log.info("reports_purged", count=count)

    def _make(self, connection: Connection, report: str) -> bool:
        row = repository.lock(connection, report)
        if row is None:
            return False
        repository.allow_seconds(connection, RUN_SECONDS)
        question = question_of(row["org"], row["parameters"])
        make = _usage if row["type"] == "usage" else _requests
        content, rows = make(connection, report, question)
        repository.finish(connection, report, ReportFile(_filename(row), CSV, content), rows)
        return True

    def _fail(self, report: str, error: Exception) -> None:
        log.error("report_failed", report=report, exc_info=error)
        jobs_finished.labels(QUEUE, "failed").inc()
        told = isinstance(error, ReportTooLarge)
        reason = str(error) if told else f"The run failed ({type(error).__name__})."
        with self._engine.begin() as connection:
            if repository.lock(connection, report) is not None:
                repository.fail(connection, report, reason)


def _usage(connection: Connection, _: str, question: Question) -> tuple[bytes, int]:
    """The file and how many rows it has."""
    # pandas is a third of the process's memory: it comes with the first run.
    from tollgate_reports.reports import files
    from tollgate_reports.usage import frames

    frame = frames.shape(usage.read(connection, question), question)
    if len(frame) > ROWS_MAX:
        raise ReportTooLarge(f"It would have more than {ROWS_MAX} rows.")
    return files.usage_csv(frame, question), len(frame)


def _requests(connection: Connection, report: str, question: Question) -> tuple[bytes, int]:
    """The first part of the file and how many rows all have; the other parts are kept as they
    are made."""
    reading = requests.read(connection, question.visibility, question.filters, question.period)
    with closing(reading) as batches:
        rows = (row for batch in batches for row in with_adjustments(connection, batch))
        parts = request_rows.parts_of(rows, ROWS_MAX)
        first, count = next(parts)
        for place, (part, rows_so_far) in enumerate(parts, 1):
            repository.add_part(connection, report, place, part)
            count = rows_so_far
    return first, count


def try_enqueue(enqueue: Enqueue, report: str) -> None:
    """Queue a run; with Redis away it waits in its table for `sweep`."""
    try:
        enqueue(report)
    except RedisError as error:
        log.warning("report_not_queued", report=report, error=type(error).__name__)


def _filename(row: RowMapping) -> str:
    start = row["parameters"]["period"][:10]
    return f"{row['type']}-{start}-{row['id']}.{row['format']}"
