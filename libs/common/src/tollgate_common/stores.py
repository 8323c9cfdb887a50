"""Redis for the services: bounded waits everywhere; a dead Redis is an error, never a hang.

`redis://` and `rediss://` (TLS) name one server, `redis+cluster://` and `rediss+cluster://` any
node of a cluster, which tells of the others.
"""

from typing import Any, cast

from flask import Flask, Response
from redis import Connection, Redis, SSLConnection
from redis.backoff import ExponentialBackoff
from redis.cluster import RedisCluster
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.retry import Retry

from tollgate_common.errors import DependencyDown
from tollgate_common.errors.answers import answer
from tollgate_common.logging import get_logger
from tollgate_common.metrics import dependency_failures

CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 2.0
CONNECTIONS = 512

log = get_logger(__name__)


class _Trusted:
    """A connection that a pool hands out without looking at it first: that costs a turn of the
    event loop for each command, and the one that is broken is found by its use, and retried. What
    is interrupted in the middle of an answer closes its connection, so none is left unread."""

    def can_read(self, timeout: float = 0) -> bool:
        return bool(timeout and super().can_read(timeout))  # type: ignore[misc]


class _Plain(_Trusted, Connection):
    pass


class _Encrypted(_Trusted, SSLConnection):
    pass


CLUSTER = "+cluster:"


def connect(url: str, answer_seconds: float = ANSWER_SECONDS) -> Redis:
    """A client that gives up after seconds and retries a broken connection once. That of a cluster
    has the same commands, but for those of keys that are not on one node."""
    if CLUSTER in url:
        return _cluster(url.replace(CLUSTER, ":", 1), answer_seconds)
    kind: Any = _Encrypted if url.startswith("rediss:") else _Plain
    return Redis.from_url(
        url,
        connection_class=kind,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=answer_seconds,
        max_connections=CONNECTIONS,
        retry=Retry(ExponentialBackoff(cap=0.1, base=0.01), 1),
        retry_on_error=[RedisConnectionError],
    )


def _cluster(url: str, answer_seconds: float) -> Redis:
    client = RedisCluster.from_url(
        url.removesuffix("/0"),
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=answer_seconds,
        max_connections=CONNECTIONS,
        retry=Retry(ExponentialBackoff(cap=0.1, base=0.01), 3),
    )
    return cast(Redis, client)


def register_errors(app: Flask) -> None:
    """A Redis that does not answer is 503 with Retry-After."""

    def handle(error: Exception) -> Response:
        log.warning("redis_unavailable", error=type(error).__name__)
        dependency_failures.labels("redis").inc()
        return answer(DependencyDown("Redis"))

    app.register_error_handler(RedisError, handle)
