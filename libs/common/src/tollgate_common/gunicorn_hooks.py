"""What gunicorn's own process does beside its workers: it serves the metrics of them all."""

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


def forget_worker(server: Any, worker: Any) -> None:
    """For `child_exit`: a dead worker's gauges are gone with it."""
    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
