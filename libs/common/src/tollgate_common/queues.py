"""rq, the way we use it: JSON arguments, ids of our own, job timeouts, failures logged."""

import signal
from collections.abc import Sequence
from typing import Any

from redis import Redis
from rq import Queue, Retry, SimpleWorker
from rq.job import Job
from rq.serializers import JSONSerializer

from tollgate_common.logging import get_logger

KEEP_RESULT_SECONDS = 3600
KEEP_FAILURE_SECONDS = 7 * 86400

log = get_logger(__name__)


def connect(url: str) -> Redis:
    """A connection as rq wants it: bytes, and no read timeout, since workers wait for work."""
    return Redis.from_url(url, socket_connect_timeout=2, health_check_interval=15)


def make_queue(redis: Redis, name: str) -> Queue:
    return Queue(name, connection=redis, serializer=JSONSerializer)


def enqueue(
    queue: Queue, function: str, *arguments: Any, job_id: str, timeout: int, retries: int = 3
) -> Job:
    """Queue `function` (its dotted path) under our own id. The same id is queued once."""
    return queue.enqueue_call(
        function,
        args=arguments,
        job_id=job_id,
        timeout=timeout,
        result_ttl=KEEP_RESULT_SECONDS,
        failure_ttl=KEEP_FAILURE_SECONDS,
        retry=Retry(max=retries, interval=[1, 10, 60][:retries]),
    )


def run_worker(redis: Redis, names: Sequence[str]) -> None:
    """Work on the queues until SIGTERM, which lets the running job finish."""
    worker = SimpleWorker(
        [make_queue(redis, name) for name in names], connection=redis, serializer=JSONSerializer
    )
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the supervisor decides, not a terminal's Ctrl-C
    log.info("worker_started", queues=list(names))
    worker.work(with_scheduler=True, logging_level="WARNING")
