"""The Lua scripts, known to Redis by their digests.

Every key that a script touches is among its keys, and all of them share an organisation's hash
tag: so the same scripts run on a Redis Cluster.
"""

from importlib import resources

from tollgate_common.tickets.clusters import AnyRedis, wire_of
from tollgate_common.tickets.together import SharedScript, Together


def source(name: str) -> bytes:
    return resources.files(__package__).joinpath(name).read_bytes()


CLOCK = source("clock.lua")


class Scripts:
    """Over one connection (one a node of a cluster), shared by concurrent requests."""

    def __init__(self, redis: AnyRedis, clock: bytes = CLOCK) -> None:
        self._together = Together(wire_of(redis))
        self._clock = clock

    def load(self, *names: str) -> SharedScript:
        """One script out of parts, the clock before them."""
        text = b"\n".join([self._clock, *(source(name) for name in names)])
        return SharedScript(text, self._together)
