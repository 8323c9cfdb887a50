"""rq jobs of report runs."""

from datetime import timedelta

from redis import Redis

from tollgate_common import queues
from tollgate_reports.job_context import job_engine, job_redis, job_settings
from tollgate_reports.reports.runs import RUN_SECONDS, Enqueue, Runs
from tollgate_reports.settings import QUEUE

RUN = "tollgate_reports.reports.jobs.run"


def enqueuer(redis: Redis) -> Enqueue:
    """How a run is queued: by its id, under its id."""

    def enqueue(report: str) -> object:
        queue = queues.make_queue(redis, QUEUE)
        return queues.enqueue(queue, RUN, report, job_id=report, timeout=RUN_SECONDS)

    return enqueue


def run(report: str) -> None:
    """Make one report."""
    Runs(job_engine()).run(report)


def purge() -> None:
    """Delete the runs whose time is over, daily."""
    Runs(job_engine()).purge(timedelta(days=job_settings().report_retention_days))


def sweep() -> None:
    """Find the runs that nobody works on, every half minute."""
    Runs(job_engine()).sweep(enqueuer(job_redis()))
