"""Reading several streams at once: by one command, or on a cluster by one for each.

No command may name keys of several nodes, so on a cluster nobody can be told when the first of
many streams has something: they are asked again and again.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from redis import Redis
from redis.cluster import RedisCluster

POLL_SECONDS = 0.05

Ask = Callable[[Any, dict[Any, Any], int | None], Any]
"""Asks a client for the entries of streams after ids, and blocks for so many ms."""


def read(
    redis: Redis, streams: Mapping[Any, Any], block_ms: int | None, ask: Ask
) -> list[tuple[Any, Any]]:
    """The streams that have something, with their entries; none after `block_ms` without any."""
    if not isinstance(redis, RedisCluster):
        return _pairs(ask(redis, dict(streams), block_ms))
    until = time.monotonic() + (block_ms or 0) / 1000
    while True:
        pipeline: Any = redis.pipeline()
        for stream, start in streams.items():
            ask(pipeline, {stream: start}, None)
        found = [pair for answer in pipeline.execute() for pair in _pairs(answer)]
        if found or time.monotonic() >= until:
            return found
        time.sleep(POLL_SECONDS)


def _pairs(answer: Any) -> list[tuple[Any, Any]]:
    """Streams with their entries, in the shape of either protocol version of Redis."""
    if isinstance(answer, dict):
        return [(stream, entries[0] if entries else []) for stream, entries in answer.items()]
    return list(answer or [])
