"""Start a web service under gunicorn: the same options for every one of them."""

import os
import resource
import shutil
import tempfile
from pathlib import Path
from typing import Any, Literal

from gunicorn.app.base import BaseApplication
from gunicorn.util import import_app

from tollgate_common.settings import CommonSettings

WorkerClass = Literal["gthread", "gevent"]

HEADER_FIELDS = 120


def serve(
    app: str,
    settings: CommonSettings,
    worker_class: WorkerClass,
    header_fields: int = HEADER_FIELDS,
) -> None:
    """Serve `app` ("module:create_app()") until told to stop. `header_fields` are the most that a
    request may have.

    This process becomes gunicorn's own and imports no application: each worker does, after gevent
    has patched the standard library where it is used.
    """
    # Before anything imports prometheus_client, which reads it once.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = fresh_metrics_folder(settings.port)
    allow_connections()
    from tollgate_common import gunicorn_hooks as hooks
    from tollgate_common.gunicorn_log import DiscreetLogger

    options: dict[str, Any] = {
        "bind": f"{settings.host}:{settings.port}",
        "workers": settings.workers,
        "worker_class": worker_class,
        "threads": settings.threads if worker_class == "gthread" else 1,
        "worker_connections": settings.connections,
        "graceful_timeout": settings.graceful_timeout,
        # Longer than any client keeps an idle connection: the pooled connections between our
        # services are closed by the caller, never by the callee in the moment of the next request.
        "keepalive": 3600,
        "timeout": 60,
        # A worker's heartbeat file must not wait for a disk.
        "worker_tmp_dir": "/dev/shm" if Path("/dev/shm").is_dir() else None,  # noqa: S108
        "control_socket_disable": True,
        "limit_request_field_size": 16384,
        "limit_request_line": 8190,
        "limit_request_fields": header_fields,
        # Nobody's SCRIPT_NAME or X-Forwarded-Proto counts, not even from this machine. Which
        # proxies are believed about addresses is the services' own setting.
        "forwarded_allow_ips": "",
        "loglevel": "warning",
        "logger_class": DiscreetLogger,
        "when_ready": hooks.serve_metrics(settings.host, settings.metrics_port),
        "post_worker_init": hooks.begin,
        "child_exit": hooks.forget_worker,
    }
    _Server(app, options).run()


class _Server(BaseApplication):  # type: ignore[misc]  # the library is untyped
    def __init__(self, app: str, options: dict[str, Any]) -> None:
        self._app = app
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return import_app(self._app)


def allow_connections() -> None:
    """Let this process and its workers open as many files as the system lets it: a relayed request
    has two connections, and the usual soft limit of 1,024 is there for programs that `select`."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def fresh_metrics_folder(port: int) -> str:
    """Make an empty folder for prometheus_client's multiprocess files. Its name is no one's to take
    before us; those of processes that have died go, with their counts."""
    root, prefix = Path(tempfile.gettempdir()), f"tollgate-metrics-{port}-"
    for folder in root.glob(f"{prefix}*"):
        process = folder.name.removeprefix(prefix).partition("-")[0]
        if folder.lstat().st_uid == os.getuid() and not _is_others(process):
            shutil.rmtree(folder, ignore_errors=True)
    return tempfile.mkdtemp(prefix=f"{prefix}{os.getpid()}-", dir=root)


def _is_others(process: str) -> bool:
    """Return whether this is the id of another process that lives."""
    if not process.isdigit() or int(process) == os.getpid():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
