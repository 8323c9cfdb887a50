"""Jobs on rq: the queue carries their ids, and nothing that would be missed."""

from datetime import UTC, datetime

from redis import Redis
from rq.exceptions import NoSuchJobError
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from tollgate_common.queues import enqueue, make_queue

QUEUE = "llm-jobs"
RUN = "tollgate_llm.jobs.jobs.run"
MARGIN_SECONDS = 60
STARTING_SECONDS = 30.0

_WAITING = frozenset({JobStatus.QUEUED, JobStatus.SCHEDULED, JobStatus.DEFERRED})


def push(redis: Redis, job_id: str, timeout: int) -> None:
    """Queue a run. A run too many does no harm: it finds the job taken or finished."""
    queue = make_queue(redis, QUEUE)
    enqueue(queue, RUN, job_id, job_id=job_id, timeout=timeout + MARGIN_SECONDS)


def is_coming(redis: Redis, job_id: str) -> bool:
    """Whether rq will still run it, or has only just begun to."""
    try:
        job = Job.fetch(job_id, connection=redis, serializer=JSONSerializer)
    except NoSuchJobError:
        return False
    status = job.get_status(refresh=False)
    if status in _WAITING:
        return True
    if status != JobStatus.STARTED or job.started_at is None:
        return False
    started = job.started_at.replace(tzinfo=job.started_at.tzinfo or UTC)
    return (datetime.now(UTC) - started).total_seconds() < STARTING_SECONDS
