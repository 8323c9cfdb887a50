"""When a job whose call a limit has refused is to be tried again: the rules, without the queue."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

TOO_MANY_REQUESTS = 429
LONGEST_PAUSE_SECONDS = 60
JITTER = 0.25
"""The part of a pause that is added to it at most, so that jobs do not all come at one moment."""


class RateRefusal(NamedTuple):
    """A limit of ours that has no room at this moment, and will have some in so many seconds."""

    limit: str
    seconds: int


def rate_refusal(status: int, headers: Mapping[str, str]) -> RateRefusal | None:
    """Return what makes the call wait, or None where the answer is a result. A budget that is used
    up and a limit that is too small say `x-should-retry: false`; a provider's own 429 names no
    limit of ours. Names of headers are in small letters."""
    limit, seconds = headers.get("x-tollgate-limit"), headers.get("retry-after", "")
    if status != TOO_MANY_REQUESTS or not limit or not seconds.isdecimal():
        return None
    if headers.get("x-should-retry") == "false":
        return None
    return RateRefusal(limit, int(seconds))


def pause_seconds(asked: int, waits: int, chance: Callable[[], float]) -> int:
    """Return how long to wait: what the limit asks for, and longer with each time in vain, up to a
    minute. `chance` gives a number from 0 to 1."""
    growing: int = min(2 ** min(waits, 6), LONGEST_PAUSE_SECONDS)
    least = max(asked, growing, 1)
    return least + int(least * JITTER * chance())


def ends_before(created_at: datetime, lifetime: int, now: datetime, pause: int) -> bool:
    """Return whether the job's lifetime (seconds) is over before it would be tried again."""
    return now + timedelta(seconds=pause) > created_at + timedelta(seconds=lifetime)
