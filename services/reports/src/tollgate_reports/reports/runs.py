"""Working on report runs, and finding those whose worker died."""

from collections.abc import Callable
from datetime import timedelta

from redis.exceptions import RedisError
from sqlalchemy import Connection, Engine, RowMapping
from sqlalchemy.exc import InterfaceError, OperationalError

from tollgate_common.logging import get_logger
from tollgate_common.metrics import jobs_finished
from tollgate_reports.reports import repository
from tollgate_reports.reports.errors import ReportTooLarge
from tollgate_reports.reports.repository import ReportFile
from tollgate_reports.reports.schemas import question_of
from tollgate_reports.settings import QUEUE
from tollgate_reports.usage import repository as usage

ATTEMPTS_MAX = 3
ABANDONED_AFTER = timedelta(seconds=30)
SWEEP_AT_ONCE = 100
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

    def _make(self, connection: Connection, report: str) -> bool:
        # pandas is a third of the process's memory: it comes with the first run.
        from tollgate_reports.reports import files
        from tollgate_reports.usage import frames

        row = repository.lock(connection, report)
        if row is None:
            return False
        repository.allow_seconds(connection, RUN_SECONDS)
        question = question_of(row["org"], row["parameters"])
        frame = frames.shape(usage.read(connection, question), question)
        if len(frame) > ROWS_MAX:
            raise ReportTooLarge(f"It would have more than {ROWS_MAX} rows.")
        file = ReportFile(_filename(row), files.CSV, files.usage_csv(frame, question))
        repository.finish(connection, report, file, len(frame))
        return True

    def _fail(self, report: str, error: Exception) -> None:
        log.error("report_failed", report=report, exc_info=error)
        jobs_finished.labels(QUEUE, "failed").inc()
        told = isinstance(error, ReportTooLarge)
        reason = str(error) if told else f"The run failed ({type(error).__name__})."
        with self._engine.begin() as connection:
            if repository.lock(connection, report) is not None:
                repository.fail(connection, report, reason)


def try_enqueue(enqueue: Enqueue, report: str) -> None:
    """Queue a run; with Redis away it waits in its table for `sweep`."""
    try:
        enqueue(report)
    except RedisError as error:
        log.warning("report_not_queued", report=report, error=type(error).__name__)


def _filename(row: RowMapping) -> str:
    start = row["parameters"]["period"][:10]
    return f"{row['type']}-{start}-{row['id']}.{row['format']}"
