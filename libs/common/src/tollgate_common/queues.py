"""rq, the way we use it: JSON arguments, ids of our own, job timeouts, failures logged."""

import signal
import threading
from collections.abc import Sequence
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Retry, SimpleWorker
from rq.job import Job
from rq.scheduler import RQScheduler
from rq.serializers import JSONSerializer

from tollgate_common.logging import get_logger

EVERY_SECONDS = 1.0
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
    stop = threading.Event()
    threading.Thread(target=_queue_delayed, args=(redis, names, stop), daemon=True).start()
    log.info("worker_started", queues=list(names))
    worker.work(logging_level="WARNING")
    stop.set()


def _queue_delayed(redis: Redis, names: Sequence[str], stop: threading.Event) -> None:
    """Queue retries when their time has come. rq's own way is a second process for each worker,
    as large as the worker; one thread of one worker is enough for a queue."""
    scheduler: Any = RQScheduler(
        list(names), connection=redis, serializer=JSONSerializer, logging_level="WARNING"
    )
    while not stop.wait(EVERY_SECONDS):
        try:
            if scheduler.acquire_locks():  # or keep them: they run out when their holder dies
                scheduler.enqueue_scheduled_jobs()
        except RedisError as error:
            log.warning("retries_wait", error=type(error).__name__)
    scheduler.release_locks()
