"""Running jobs: claim, call, write the result down; and seeing to those that nobody runs."""

import random
import threading
from datetime import UTC, datetime, timedelta

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from tollgate_common.errors import DependencyDown
from tollgate_common.logging import get_logger
from tollgate_common.metrics import job_waits, jobs_finished
from tollgate_llm.jobs import repository
from tollgate_llm.jobs.client import Answer, GatewayClient
from tollgate_llm.jobs.models import FAILED, SUCCEEDED, Job
from tollgate_llm.jobs.queue import QUEUE, is_coming, push
from tollgate_llm.jobs.waiting import RateRefusal, ends_before, pause_seconds

MOST_ATTEMPTS = 20
SWEEP_SECONDS = 5.0
OVERDUE = timedelta(seconds=10)
BATCH = 100
FIRST_ERROR = 400

log = get_logger(__name__)


class JobRunner:
    """One a worker process; it runs one job at a time. A gateway that is down makes the job wait
    and be tried again, `MOST_ATTEMPTS` times in all. A limit without room at this moment makes it
    wait for its turn, for as long as it lives: `lifetime` seconds."""

    def __init__(
        self,
        engine: Engine,
        redis: Redis,
        gateway: GatewayClient,
        *,
        timeout: int,
        lifetime: int,
        retention: timedelta,
    ) -> None:
        self._engine = engine
        self._redis = redis
        self._gateway = gateway
        self._timeout = timeout
        self._lifetime = lifetime
        self._retention = retention
        self._running: tuple[str, int] | None = None

    def run(self, job_id: str) -> int | None:
        """Return the seconds after which the job is to run again, if it has to wait for its turn.
        Nothing happens for a job that is finished, cancelled, or run by another worker."""
        with Session(self._engine, expire_on_commit=False) as session, session.begin():
            job = repository.claim(session, job_id)
        if job is None:
            return None
        self._running = (job.id, job.attempts)
        try:
            return self._take(job, self._gateway.call(job))
        except BaseException as error:
            self._give_back(job, error)
            raise
        finally:
            self._running = None

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
        with Session(self._engine) as session, session.begin():
            repository.release(session, job.id, job.attempts)

    def _write(self, job: Job, status: str, answer: Answer | None, error: str | None) -> None:
        with Session(self._engine) as session, session.begin():
            written = repository.finish(
                session, job.id, job.attempts, status=status, answer=answer, error=error
            )
        if written:
            jobs_finished.labels(QUEUE, status).inc()
        log.info("job_finished", job=job.id, status=status, written=written)

    def sweep(self, stop: threading.Event) -> None:
        """Until told to stop: keep the lease of what this process runs, and queue again what
        nobody will run: because its worker died, or its queueing failed."""
        while not stop.wait(SWEEP_SECONDS):
            try:
                self.sweep_once()
            except (SQLAlchemyError, RedisError) as error:
                log.warning("jobs_not_swept", error=type(error).__name__)

    def sweep_once(self) -> None:
        running = self._running
        with Session(self._engine) as session, session.begin():
            if running is not None:
                repository.renew(session, *running)
            waiting = repository.waiting(session, OVERDUE, BATCH)
        for job_id in waiting:
            if not is_coming(self._redis, job_id):
                log.info("job_queued_again", job=job_id)
                push(self._redis, job_id, self._timeout)
        self.purge()

    def purge(self) -> None:
        """Delete some of the jobs whose time is over; the rest is deleted by the next sweeps."""
        with Session(self._engine) as session, session.begin():
            count = repository.purge(session, self._retention, BATCH)
        if count:
            log.info("jobs_purged", count=count)
