"""Running jobs: claim, call, write the result down; and seeing to those that nobody runs."""

import threading
from datetime import timedelta

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from tollgate_common.errors import DependencyDown
from tollgate_common.logging import get_logger
from tollgate_common.metrics import jobs_finished
from tollgate_llm.jobs import repository
from tollgate_llm.jobs.client import GatewayClient
from tollgate_llm.jobs.models import FAILED, SUCCEEDED, Job
from tollgate_llm.jobs.queue import QUEUE, is_coming, push

MOST_ATTEMPTS = 20
SWEEP_SECONDS = 5.0
OVERDUE = timedelta(seconds=10)
BATCH = 100
FIRST_ERROR = 400

log = get_logger(__name__)


class JobRunner:
    """One a worker process; it runs one job at a time. A gateway that is down makes the job wait
    and be tried again, `MOST_ATTEMPTS` times in all."""

    def __init__(self, engine: Engine, redis: Redis, gateway: GatewayClient, timeout: int) -> None:
        self._engine = engine
        self._redis = redis
        self._gateway = gateway
        self._timeout = timeout
        self._running: tuple[str, int] | None = None

    def run(self, job_id: str) -> None:
        """Nothing, for a job that is finished, cancelled, or run by somebody else."""
        with Session(self._engine, expire_on_commit=False) as session, session.begin():
            job = repository.claim(session, job_id)
        if job is None:
            return
        self._running = (job.id, job.attempts)
        try:
            self._finish(job, self._gateway.call(job))
        except BaseException as error:
            self._give_back(job, error)
            raise
        finally:
            self._running = None

    def _finish(self, job: Job, response: tuple[int, str, bytes]) -> None:
        status = response[0]
        succeeded = status < FIRST_ERROR
        self._write(
            job, SUCCEEDED if succeeded else FAILED, response,
            None if succeeded else f"The call was answered with {status}.",
        )  # fmt: skip

    def _give_back(self, job: Job, error: BaseException) -> None:
        if job.attempts >= MOST_ATTEMPTS:
            reason = "the gateway" if isinstance(error, DependencyDown) else type(error).__name__
            self._write(job, FAILED, None, f"Given up after {job.attempts} attempts: {reason}.")
            return
        with Session(self._engine) as session, session.begin():
            repository.release(session, job.id, job.attempts)

    def _write(
        self, job: Job, status: str, response: tuple[int, str, bytes] | None, error: str | None
    ) -> None:
        with Session(self._engine) as session, session.begin():
            written = repository.finish(
                session, job.id, job.attempts, status=status, response=response, error=error
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
