"""Counters of attempts in Redis, each of which makes the next attempt wait, doubling.

All names have one hash tag: a script touches several of them at once, on a cluster too.
"""

import hashlib
import ipaddress
import math
import time
from collections.abc import Sequence
from importlib import resources
from typing import Any, NamedTuple

from redis import Redis

from tollgate_common.addresses import plain_address
from tollgate_common.errors import TooMany

_IPV6_SITE = 64


class Counter(NamedTuple):
    """Describes a counter of failures. `free` of them cost nothing, and all are forgotten after
    `forgotten_seconds`. A counter that does not hold only counts, and starts no wait."""

    name: str
    free: int
    forgotten_seconds: int
    holds: bool = True


class Delays(NamedTuple):
    """The wait after the first failure that is not free, and the longest, in seconds."""

    first: int
    longest: int


class AttemptCounters:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        source = resources.files(__package__).joinpath("attempt.lua").read_bytes()
        self._script = redis.register_script(source)

    def begin(self, counters: Sequence[Counter], delays: Delays) -> None:
        """Count an attempt on each, a failure until it is taken back; `TooMany` while one of them
        holds it."""
        limits = [
            number
            for counter in counters
            for number in (counter.free, counter.forgotten_seconds, int(counter.holds))
        ]
        names = [counter.name for counter in counters]
        _refuse(self._script(keys=names, args=[*delays, *limits]))

    def check(self, name: str) -> None:
        """`TooMany` while this counter holds attempts; nothing is counted."""
        until: Any = self._redis.hget(name, "until")
        _refuse(float(until or 0) - time.time() * 1000)


def _refuse(milliseconds: Any) -> None:
    if milliseconds > 0:
        seconds = math.ceil(milliseconds / 1000)
        raise TooMany(f"Too many attempts; try again in {seconds} s.", seconds)


def name_of(kind: str, *parts: str) -> str:
    """Return the name in Redis for something of this kind; it does not show the parts."""
    return f"{{attempts}}:{kind}:{hashlib.sha256(' '.join(parts).encode()).hexdigest()[:32]}"


def site_of(address: str | None) -> str:
    """Return where an address belongs. An IPv6 site has 2^64 of them: it counts as one."""
    try:
        parsed = plain_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, _IPV6_SITE), strict=False))
    return str(parsed)
