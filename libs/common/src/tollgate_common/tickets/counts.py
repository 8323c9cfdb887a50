"""What is counted on limits at this moment, out of the counters that open and close go by."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from tollgate_common.tickets.clusters import AnyRedis
from tollgate_common.tickets.models import Reservation
from tollgate_common.tickets.scripts import CLOCK, Scripts


class Count(NamedTuple):
    """In whole units: requests, tokens or nano-dollars. `reset_ms`: until the limit is whole
    again; None: never, by waiting."""

    used: int
    reserved: int
    remaining: int
    reset_ms: int | None


class LimitCounts:
    """Redis away is a `RedisError`."""

    def __init__(self, redis: AnyRedis, clock: bytes = CLOCK) -> None:
        self._count = Scripts(redis, clock).load("counting.lua", "count.lua")

    def of(self, limits: Sequence[Reservation]) -> list[Count]:
        """All of one organisation, in one call; their amounts do not matter."""
        if not limits:
            return []
        keys = [limit.counter for limit in limits]
        found = self._count(keys, [msgspec.msgpack.encode(limits)])
        return [
            Count(used, reserved, left, None if reset < 0 else reset)
            for used, reserved, left, reset in found
        ]
