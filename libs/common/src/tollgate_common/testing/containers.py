"""PostgreSQL and Redis in containers, where a Docker engine answers.

testcontainers' own reaper needs an image that cannot be pulled everywhere, so it is switched off:
a container carries its owner's host and process id, and the next run removes those of the dead.
"""

import contextlib
import os
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tollgate_common.embedded.process import exists

POSTGRES_IMAGE = "postgres:17"
REDIS_IMAGE = "redis:8"
OWNER_LABEL = "tollgate.test.owner"
CONNECT_SECONDS = 2.0
DOCKER_SOCKET = Path("/var/run/docker.sock")


class NoContainers(Exception):
    """There is no Docker engine, or it cannot get the image."""


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """URL of a PostgreSQL 17; its data need not survive anything."""
    with _engine():
        from testcontainers.community.postgres import PostgresContainer

        password = secrets.token_hex(16)
        container = PostgresContainer(
            POSTGRES_IMAGE, username="postgres", password=password, dbname="postgres", driver=None
        )
        container.with_command("postgres -c fsync=off -c synchronous_commit=off")
        _start(container)
    with contextlib.closing(_Stopping(container)):
        yield container.get_connection_url()


@contextlib.contextmanager
def redis() -> Iterator[str]:
    """URL of a Redis 8."""
    with _engine():
        from testcontainers.community.redis import RedisContainer

        container = RedisContainer(REDIS_IMAGE)
        _start(container)
    with contextlib.closing(_Stopping(container)):
        host, port = container.get_container_host_ip(), container.get_exposed_port(container.port)
        yield f"redis://{host}:{port}/0"


class _Stopping:
    """Gives a container the `close` that `contextlib.closing` asks for."""

    def __init__(self, container: Any) -> None:
        self.container = container

    def close(self) -> None:
        self.container.stop()


@contextlib.contextmanager
def _engine() -> Iterator[None]:
    """NoContainers, unless an engine answers and does what the block asks of it."""
    if not listens(os.environ.get("DOCKER_HOST") or f"unix://{DOCKER_SOCKET}"):
        raise NoContainers("no engine")  # before its client, which is slow and leaks its socket
    os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")
    os.environ.setdefault("TC_POOLING_INTERVAL", "0.1")
    import docker  # type: ignore[import-untyped]

    try:
        with contextlib.closing(docker.from_env(timeout=10)) as client:
            client.ping()
            _sweep(client)
        yield
    except (docker.errors.DockerException, OSError) as error:
        raise NoContainers(str(error)) from error


def listens(host: str) -> bool:
    """Whether something accepts connections at a DOCKER_HOST; one of a kind that cannot be tried
    by a socket (ssh) is believed."""
    parts = urlsplit(host)
    try:
        if parts.scheme == "unix":
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(CONNECT_SECONDS)
                client.connect(parts.path)
        elif parts.scheme in ("tcp", "http", "https"):
            address = (parts.hostname or "127.0.0.1", parts.port or 2375)
            socket.create_connection(address, CONNECT_SECONDS).close()
    except OSError:
        return False
    return True


def _start(container: Any) -> None:
    container.with_kwargs(labels={OWNER_LABEL: f"{socket.gethostname()}/{os.getpid()}"})
    try:
        container.start()
    except BaseException:
        container.stop()
        raise


def _sweep(client: Any) -> None:
    """Remove what killed runs of this host left."""
    for container in client.containers.list(all=True, filters={"label": OWNER_LABEL}):
        host, _, process = container.labels[OWNER_LABEL].rpartition("/")
        if host == socket.gethostname() and not exists(int(process)):
            container.remove(force=True, v=True)
