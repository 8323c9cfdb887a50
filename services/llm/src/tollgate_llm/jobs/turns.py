"""Whose job runs next: organisations take turns, so that the jobs of one that hang, or are many,
do not keep another's waiting.

A worker process runs several jobs at once. An organisation that has jobs running gets another place
only while more than a quarter of the places are free; the rest is for those that have none running.
"""

import threading
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy.exc import SQLAlchemyError

from tollgate_common.logging import get_logger
from tollgate_llm.jobs.models import Job
from tollgate_llm.jobs.runner import JobRunner

POLL_SECONDS = 1.0
RESERVED_PART = 4

log = get_logger(__name__)


class Turns:
    """PostgreSQL says whose turn it is. It is asked when a job is queued (`wake`), when one has
    ended, and every second: for jobs that have waited, and for those whose worker died."""

    def __init__(self, runner: JobRunner, places: int) -> None:
        self._runner = runner
        self._places = places
        self._reserved = max(1, places // RESERVED_PART)
        self._running = 0
        self._changed = threading.Condition()
        self._is_awake = False
        self._pool = ThreadPoolExecutor(places, thread_name_prefix="job")

    def wake(self) -> None:
        with self._changed:
            self._is_awake = True
            self._changed.notify()

    def run(self, stop: threading.Event) -> None:
        """Until told to stop; what runs then is finished first."""
        while not stop.is_set():
            if not self._begin():
                self._rest()
        self._pool.shutdown()

    def begin_next(self) -> bool:
        """Begin the job whose turn it is. False where there is none, or no place for it."""
        with self._changed:
            free = self._places - self._running
        if not free:
            return False
        job = self._runner.claim_next(idle_only=free <= self._reserved)
        if job is None:
            return False
        with self._changed:
            self._running += 1
        self._pool.submit(self._work, job)
        return True

    def _begin(self) -> bool:
        try:
            return self.begin_next()
        except SQLAlchemyError as error:
            log.warning("turns_wait", error=type(error).__name__)
            return False

    def _rest(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._is_awake, POLL_SECONDS)
            self._is_awake = False

    def _work(self, job: Job) -> None:
        try:
            self._runner.work(job)
        except Exception as error:  # noqa: BLE001 - the job is given back, and says so itself
            log.warning("job_given_back", job=job.id, error=type(error).__name__)
        finally:
            with self._changed:
                self._running -= 1
            self.wake()
