"""The `scheduler` process: rq's cron, which puts jobs into a queue when their time has come.

It may run more than once: every job does nothing when there is nothing to do. At its start each
job is due. With Redis away it waits for it.
"""

import logging
import time
from collections.abc import Sequence
from typing import NamedTuple

from redis import Redis
from redis.exceptions import RedisError
from rq.cron import CronJob, CronScheduler
from rq.job import Job

from tollgate_common import queues
from tollgate_common.logging import get_logger
from tollgate_common.metrics import dependency_failures
from tollgate_reports.processes import begin
from tollgate_reports.settings import QUEUE, SchedulerSettings

WAIT_SECONDS = 1.0
DAY_SECONDS = 86400
SWEEP_SECONDS = 30
JOB_SECONDS = 60
ARCHIVE_SECONDS = 4 * 3600
VERIFY_SECONDS = 3600

log = get_logger(__name__)


class Task(NamedTuple):
    """A job without arguments, by its dotted path, how many seconds pass between two runs of it,
    and how long one may take. This process imports none of them, nor what they need."""

    function: str
    every: int
    at_most: int = JOB_SECONDS


TASKS: Sequence[Task] = (
    Task("tollgate_reports.ledger.jobs.make_partitions", every=DAY_SECONDS),
    Task("tollgate_reports.archives.jobs.archive", every=DAY_SECONDS, at_most=ARCHIVE_SECONDS),
    Task("tollgate_reports.verification.jobs.nightly", every=DAY_SECONDS, at_most=VERIFY_SECONDS),
    Task("tollgate_reports.reports.jobs.sweep", every=SWEEP_SECONDS),
    Task("tollgate_reports.reports.jobs.purge", every=DAY_SECONDS),
)


class QueuedTask(CronJob):
    """rq's own would queue it pickled; our workers read JSON. What no worker has taken until the
    next is due is dropped."""

    def enqueue(self, connection: Redis) -> Job:
        queue = queues.make_queue(connection, self.queue_name)
        return queue.enqueue(self.func_name, **self.job_options)


def clock(redis: Redis, tasks: Sequence[Task] = TASKS) -> CronScheduler:
    scheduler = CronScheduler(redis, logging_level="WARNING")
    for task in tasks:
        scheduler.get_jobs().append(
            QueuedTask(
                QUEUE, func_name=task.function, interval=task.every, ttl=task.every,
                job_timeout=task.at_most, result_ttl=0, failure_ttl=DAY_SECONDS,
            )
        )  # fmt: skip
    return scheduler


def run(settings: SchedulerSettings) -> None:
    """Until SIGTERM."""
    begin(settings, "scheduler")
    logging.getLogger("rq.cron").setLevel(logging.WARNING)
    redis = queues.connect(settings.queues())
    log.info("scheduler_started")
    while True:
        try:
            clock(redis).start()  # type: ignore[no-untyped-call]
            return
        except RedisError as error:
            log.warning("scheduler_waits", error=type(error).__name__)
            dependency_failures.labels("redis").inc()
            time.sleep(WAIT_SECONDS)
