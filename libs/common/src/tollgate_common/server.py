"""Start a web service under gunicorn: the same flags for every one of them."""

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Literal, NoReturn

from tollgate_common.settings import CommonSettings

WorkerClass = Literal["gthread", "gevent"]


def serve(app: str, settings: CommonSettings, worker_class: WorkerClass) -> NoReturn:
    """Replace this process by gunicorn serving `app` ("module:create_app()").

    gunicorn's own process imports no application: each worker does, after gevent has patched the
    standard library where it is used.
    """
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = fresh_metrics_folder(settings.port)
    os.environ["METRICS_PORT"] = str(settings.metrics_port)
    per_worker = (
        ["--worker-connections", str(settings.connections)]
        if worker_class == "gevent"
        else ["--threads", str(settings.threads)]
    )
    gunicorn = Path(sys.executable).with_name("gunicorn")
    command = [
        str(gunicorn), app,
        "--config", "python:tollgate_common.gunicorn_config",
        "--bind", f"{settings.host}:{settings.port}",
        "--workers", str(settings.workers),
        "--worker-class", worker_class, *per_worker,
        "--graceful-timeout", str(settings.graceful_timeout),
    ]  # fmt: skip
    os.execv(gunicorn, command)  # noqa: S606 - our own interpreter's gunicorn, no shell


def fresh_metrics_folder(port: int) -> str:
    """An empty folder for prometheus_client's multiprocess files; an old one's counts are gone."""
    folder = Path(tempfile.gettempdir()) / f"tollgate-metrics-{os.getuid()}-{port}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    return str(folder)
