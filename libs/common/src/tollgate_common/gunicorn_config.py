"""gunicorn's configuration, for `--config python:tollgate_common.gunicorn_config`."""

import os
from typing import Any

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

# Longer than any client keeps an idle connection: the pooled connections between our services
# are closed by the caller, never by the callee in the moment of the next request.
keepalive = 3600
timeout = 60
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108 - a heartbeat file must not wait for a disk
control_socket_disable = True
limit_request_field_size = 16384
limit_request_line = 8190
loglevel = "warning"


def when_ready(server: Any) -> None:
    """Serve the metrics of all workers from the master, on a port of their own."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    host = server.address[0][0] if server.address else "127.0.0.1"
    start_http_server(int(os.environ["METRICS_PORT"]), addr=host, registry=registry)


def child_exit(server: Any, worker: Any) -> None:
    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
