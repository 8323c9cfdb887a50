"""What gunicorn is told to do beside serving: metrics of all workers, errors in our own shapes,
answers in one write, and workers that do not look at the same objects for ever."""

import gc
from collections.abc import Callable
from typing import Any

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead


def serve_metrics(host: str, port: int) -> Callable[[Any], None]:
    """For `when_ready`: Prometheus scrapes host:port."""

    def when_ready(server: Any) -> None:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        start_http_server(port, addr=host, registry=registry)

    return when_ready


GARBAGE_THRESHOLD = 10_000


def begin(worker: Any) -> None:
    """For `post_worker_init`."""
    # What it needs is not to be imported before gevent has patched the standard library.
    from tollgate_common import one_write, refusals

    refusals.take_over(worker)
    one_write.use()
    settle()


def settle() -> None:
    """What the application is made of stays as long as the process: the garbage collector need not
    go through it again and again. And requests leave few cycles, so it may look for those less
    often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD, *gc.get_threshold()[1:])


def forget_worker(server: Any, worker: Any) -> None:
    """For `child_exit`: a dead worker's gauges are gone with it."""
    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
