"""What the processes without a web server have in common: metrics, signals, a database."""

import functools
import signal
import threading

from prometheus_client import start_http_server
from sqlalchemy import Engine

from tollgate_common import logging
from tollgate_common.settings import CommonSettings
from tollgate_reports.database import engine_of
from tollgate_reports.settings import WorkerSettings


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


@functools.cache
def job_settings() -> WorkerSettings:
    """For rq jobs: rq hands them their arguments and nothing else."""
    return WorkerSettings.load()


@functools.cache
def job_engine() -> Engine:
    """The database, for rq jobs."""
    return engine_of(job_settings())
