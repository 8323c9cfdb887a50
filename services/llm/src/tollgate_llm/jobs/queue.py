"""The queue tells workers that there is a job, and carries nothing that would be missed."""

from redis import Redis

from tollgate_common.queues import enqueue, make_queue

QUEUE = "llm-jobs"
RUN = "tollgate_llm.jobs.jobs.run"
RUN_SECONDS = 10


def ring(redis: Redis, job_id: str) -> None:
    """Have a worker look for jobs at once; without this they look every second."""
    enqueue(make_queue(redis, QUEUE), RUN, job_id=job_id, timeout=RUN_SECONDS)
