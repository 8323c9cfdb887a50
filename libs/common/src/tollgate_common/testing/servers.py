"""Where a test run's PostgreSQL and Redis come from.

`TEST_DATABASE_URL` and `TEST_REDIS_URL` first; containers where a Docker engine answers; else the
embedded servers. Each worker of a run has servers of its own: they start in about a second, side
by side, and nothing is shared that one worker could take away from another.
"""

import contextlib
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from urllib.parse import urlsplit

from tollgate_common.embedded import postgres, redis
from tollgate_common.testing import containers


@contextlib.contextmanager
def postgres_server() -> Iterator[str]:
    """URL of a server on which databases may be made."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield url
        return
    with _container_or_embedded(containers.postgres, postgres.temporary) as url:
        yield url


@contextlib.contextmanager
def redis_server() -> Iterator[str]:
    """URL of a server of which one database is ours: see `own_redis_database`."""
    if url := os.environ.get("TEST_REDIS_URL"):
        yield url
        return
    with _container_or_embedded(containers.redis, redis.temporary) as url:
        yield url


@contextlib.contextmanager
def _container_or_embedded(
    container: Callable[[], AbstractContextManager[str]],
    embedded: Callable[[], AbstractContextManager[str]],
) -> Iterator[str]:
    with contextlib.ExitStack() as stack:
        try:
            url = stack.enter_context(container())
        except containers.NoContainers:
            url = stack.enter_context(embedded())
        yield url


def worker_number() -> int:
    """0 for the first worker of a run, and for a run without workers."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


def own_redis_database(url: str, worker: int) -> str:
    """The one database of the server at `url` that this worker uses, and may empty.

    Workers take the database that the URL names (0 if none) and those that follow it, one each:
    on a server given by TEST_REDIS_URL no other is touched.
    """
    parts = urlsplit(url)
    first = int(parts.path.strip("/") or 0)
    return parts._replace(path=f"/{first + worker}").geturl()


@contextlib.contextmanager
def fresh_database(server: str) -> Iterator[str]:
    """A new, empty database on the server at `server`; dropped afterwards, whoever is connected."""
    import psycopg
    from psycopg.sql import SQL, Identifier

    name = f"tollgate_test_{worker_number()}_{secrets.token_hex(4)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {} TEMPLATE template0").format(Identifier(name)))
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))
