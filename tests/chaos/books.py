"""The books, read where they are kept: PostgreSQL, Redis, and the sandbox's own served log."""

import struct
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import requests
from redis import Redis
from sqlalchemy import create_engine, text

from deploy.local.stack import Stack
from tests.e2e.stacks import data_of
from tollgate_common.db import engine_options
from tollgate_common.tickets import usage_streams

PRICE_IN, PRICE_OUT = 1000, 2000
"""The sandbox's, in nano-dollars a token."""


class Books:
    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        data = data_of(stack)
        self._redis_url = data.redis_url
        url = data.database_url.replace("postgresql://", "postgresql+psycopg://")
        self._engine = create_engine(url, **engine_options("reports"))

    @contextmanager
    def redis(self) -> Iterator[Redis]:
        with Redis.from_url(self._redis_url, socket_timeout=2) as redis:
            yield redis

    def close(self) -> None:
        self._engine.dispose()

    def rows(self, query: str, **values: Any) -> list[dict[str, Any]]:
        with self._engine.connect() as connection:
            return [dict(row) for row in connection.execute(text(query), values).mappings()]

    def ledger(self, key: str) -> list[dict[str, Any]]:
        query = "SELECT *, (cost * 1000000000)::bigint AS nanos FROM ledger WHERE key = :key"
        return [{**row, "id": str(row["id"])} for row in self.rows(query, key=key)]

    def booked_and_waiting(self) -> int:
        """Events that are in the ledger and in their stream."""
        with self.redis() as redis:
            entries: list[Any] = [
                entry for stream in usage_streams() for entry in redis.xrange(stream) or ()
            ]
        waiting = [msgspec.json.decode(fields[b"event"])["id"] for _, fields in entries]
        query = "SELECT count(*) AS count FROM ledger WHERE id = ANY(CAST(:ids AS uuid[]))"
        return int(self.rows(query, ids=waiting)[0]["count"]) if waiting else 0

    def left_in_redis(self) -> dict[str, int]:
        """What a quiet Redis has none of."""
        with self.redis() as redis:
            return {
                "open tickets": sum(1 for _ in redis.scan_iter("ticket:*")),
                "leases": sum(redis.zcard(name) for name in redis.scan_iter("tickets:*")),
                "reserved": sum(reserved for _, _, reserved in _counters(redis)),
                "events waiting": sum(redis.xlen(stream) for stream in usage_streams()),
            }

    def counted(self, limits: list[str]) -> dict[str, int]:
        """What is used of each limit, in its one window."""
        found = dict.fromkeys(limits, 0)
        with self.redis() as redis:
            for limit, used, _ in _counters(redis):
                if limit in found:
                    found[limit] += used
        return found

    def served(self) -> dict[str, list[dict[str, Any]]]:
        """The sandbox's lines, by ticket."""
        answer = requests.get(f"{self._stack.url('sandbox')}/served", timeout=60)
        lines: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for line in answer.json()["data"]:
            lines[line["client_request_id"]].append(line)
        return dict(lines)


def _counters(redis: Redis) -> Iterator[tuple[str, int, int]]:
    """Limit, used and reserved of each counter; see tickets/counting.lua for its form."""
    for name in redis.scan_iter("count:*"):
        text: Any = redis.get(name)
        if text:
            used, reserved, *_ = struct.unpack("<ddddd", text)
            yield name.decode().split(":")[2], int(used), int(reserved)


def price_of(lines: list[dict[str, Any]]) -> int:
    """Nano-dollars."""
    return sum(
        line["input_tokens"] * PRICE_IN + line["output_tokens"] * PRICE_OUT for line in lines
    )
