"""Running jobs: claim, call, write the result down; and looking after those that run."""

import random
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from tollgate_common.errors import DependencyDown
from tollgate_common.logging import get_logger
from tollgate_common.metrics import job_waits, jobs_finished
from tollgate_llm.jobs import repository
from tollgate_llm.jobs.client import Answer, GatewayClient
from tollgate_llm.jobs.models import FAILED, SUCCEEDED, Job
from tollgate_llm.jobs.queue import QUEUE
from tollgate_llm.jobs.stopping import Stopper
from tollgate_llm.jobs.waiting import RateRefusal, ends_before, pause_seconds

MOST_ATTEMPTS = 20
WATCH_SECONDS = 1.0
PURGE_SECONDS = 60.0
BATCH = 100
FIRST_ERROR = 400
RETRY_SECONDS = (1, 10, 60)
"""How long a job waits for a gateway that is down: after the first attempt, the second, and on."""

log = get_logger(__name__)


@dataclass(kw_only=True)
class Run:
    """A job that this process runs. `is_over`: it was cancelled, or another worker has it."""

    job: Job
    stopper: Stopper = field(default_factory=Stopper)
    started: float = field(default_factory=time.monotonic)
    is_over: bool = False


class JobRunner:
    """One a worker process; several threads run jobs by it. A gateway that is down makes the job
    wait and be tried again, `MOST_ATTEMPTS` times in all. A limit without room at this moment makes
    it wait for its turn, for as long as it lives: `lifetime` seconds. A run takes `timeout` seconds
    at most; one whose job is cancelled is broken off."""

    def __init__(
        self,
        engine: Engine,
        gateway: GatewayClient,
        *,
        timeout: int,
        lifetime: int,
        retention: timedelta,
    ) -> None:
        self._engine = engine
        self._gateway = gateway
        self._timeout = timeout
        self._lifetime = lifetime
        self._retention = retention
        self._running: dict[tuple[str, int], Run] = {}
        self._purged = 0.0

    def claim_next(self, *, idle_only: bool) -> Job | None:
        """The job whose turn it is, claimed; see `repository.next_turn`."""
        with Session(self._engine, expire_on_commit=False) as session, session.begin():
            job_id = repository.next_turn(session, idle_only=idle_only)
            return None if job_id is None else repository.claim(session, job_id)

    def work(self, job: Job) -> int | None:
        """Run a job that is claimed. Return the seconds after which it is to run again, if it has
        to wait for its turn."""
        run = self._running[(job.id, job.attempts)] = Run(job=job)
        try:
            return self._take(job, self._gateway.call(job, run.stopper))
        except BaseException as error:
            if run.is_over:
                log.info("job_stopped", job=job.id)
                return None
            self._give_back(job, error)
            raise
        finally:
            del self._running[(job.id, job.attempts)]

    def _take(self, job: Job, answer: Answer) -> int | None:
        """Write the result down, or make the job wait; the seconds that it waits."""
        if answer.refusal is None:
            succeeded = answer.status < FIRST_ERROR
            error = None if succeeded else f"The call was answered with {answer.status}."
            self._write(job, SUCCEEDED if succeeded else FAILED, answer, error)
            return None
        pause = pause_seconds(answer.refusal.seconds, job.waits, random.random)
        if ends_before(job.created_at, self._lifetime, datetime.now(UTC), pause):
            error = f"Limit {answer.refusal.limit} had no room for it within {self._lifetime} s."
            self._write(job, FAILED, answer, error)
            return None
        return self._wait(job, answer.refusal, pause)

    def _wait(self, job: Job, refusal: RateRefusal, pause: int) -> int | None:
        with Session(self._engine) as session, session.begin():
            waits = repository.wait(
                session, job.id, job.attempts, refusal.limit, timedelta(seconds=pause)
            )
        if not waits:
            return None
        job_waits.labels(QUEUE).inc()
        log.info("job_waits", job=job.id, limit=refusal.limit, seconds=pause)
        return pause

    def _give_back(self, job: Job, error: BaseException) -> None:
        if job.attempts - job.waits >= MOST_ATTEMPTS:
            reason = "the gateway" if isinstance(error, DependencyDown) else type(error).__name__
            self._write(job, FAILED, None, f"Given up after {job.attempts} attempts: {reason}.")
            return
        failures = job.attempts - job.waits
        pause = timedelta(seconds=RETRY_SECONDS[min(failures, len(RETRY_SECONDS)) - 1])
        with Session(self._engine) as session, session.begin():
            repository.release(session, job.id, job.attempts, pause)

    def _write(self, job: Job, status: str, answer: Answer | None, error: str | None) -> None:
        with Session(self._engine) as session, session.begin():
            written = repository.finish(
                session, job.id, job.attempts, status=status, answer=answer, error=error
            )
        if written:
            jobs_finished.labels(QUEUE, status).inc()
        log.info("job_finished", job=job.id, status=status, written=written)

    def watch(self, stop: threading.Event) -> None:
        """Until told to stop: keep the leases of what runs here, break off what is cancelled, and
        delete what has been kept for long enough."""
        while not stop.wait(WATCH_SECONDS):
            try:
                self.watch_once()
                if time.monotonic() - self._purged > PURGE_SECONDS:
                    self._purged = time.monotonic()
                    self.purge()
            except SQLAlchemyError as error:
                log.warning("jobs_not_watched", error=type(error).__name__)

    def watch_once(self) -> None:
        for run in list(self._running.values()):
            with Session(self._engine) as session, session.begin():
                is_ours = repository.renew(session, run.job.id, run.job.attempts)
            run.is_over = not is_ours
            if run.is_over or time.monotonic() - run.started > self._timeout:
                run.stopper.stop()

    def purge(self) -> None:
        """Delete jobs whose time is over, some of them at a time."""
        count = BATCH
        while count == BATCH:
            with Session(self._engine) as session, session.begin():
                count = repository.purge(session, self._retention, BATCH)
            if count:
                log.info("jobs_purged", count=count)
