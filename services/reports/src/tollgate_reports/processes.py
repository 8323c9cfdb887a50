"""What the processes without a web server have in common: metrics and signals."""

import signal
import threading

from prometheus_client import start_http_server

from tollgate_common import logging
from tollgate_common.settings import CommonSettings


def begin(settings: CommonSettings, name: str) -> None:
    """Log as `name`, and serve this process's metrics."""
    logging.configure(settings, name)
    start_http_server(settings.metrics_port, addr=settings.host)


def stop_on_signal() -> threading.Event:
    """An event that SIGTERM sets. Ctrl-C is for the supervisor, which then decides."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return stop
