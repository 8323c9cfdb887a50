"""Which routes are in trouble, so that requests go elsewhere for a while.

A route that fails several times in a row is left alone for some seconds, each time twice as long;
one that asks for a pause (429 with `Retry-After`) gets it. Afterwards it is probed, by a request
every few seconds, until one is answered. A route that takes no connection, or is silent, is *down*:
nobody waits for it even where there is no other. One that answers with errors is asked all the
same when there is no other: its own error tells the caller more than ours.

All processes share what they know through Redis, where each looks every second, beside the
requests. Redis away: each goes by what it has seen itself.
"""

import threading
import time
from typing import Any, Literal

from redis import Redis
from redis.exceptions import RedisError

from tollgate_common.logging import get_logger
from tollgate_llm.routing.models import Candidate

RESTING, DOWN = "llm:routes:resting", "llm:routes:down"
FAILURES = 5
SHORTEST_SECONDS = 5.0
LONGEST_SECONDS = 60.0
LOOK_SECONDS = 1.0
PROBE_SECONDS = 2.0
ROUTES = 10_000
SMOOTHING = 0.2

State = Literal["healthy", "resting", "down", "probing"]

log = get_logger(__name__)


class Record:
    """One route, as this process knows it. `until` is in epoch seconds: processes share it."""

    __slots__ = ("down", "failures", "probed_at", "seconds", "trips", "until")

    def __init__(self) -> None:
        self.failures = 0
        self.trips = 0
        self.until = 0.0
        self.down = False
        self.probed_at = 0.0
        self.seconds: float | None = None


class Health:
    """Routes go by the name that `name_of` gives them."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._records: dict[str, Record] = {}

    def usable(self, name: str) -> bool:
        """Whether a request may go there now. After a pause, whoever asks first is the probe."""
        record = self._records.get(name)
        if record is None or not record.trips:
            return True
        now = time.time()
        if record.until > now or now - record.probed_at < PROBE_SECONDS:
            return False
        record.probed_at = now
        return True

    def is_down(self, name: str) -> bool:
        record = self._records.get(name)
        return record is not None and record.down

    def seconds(self, name: str) -> float | None:
        """To the first byte of its answers lately; None: it has not answered yet."""
        record = self._records.get(name)
        return record.seconds if record else None

    def state(self, name: str) -> tuple[State, float | None]:
        """For people: how the route is, and until when it is left alone."""
        record = self._records.get(name)
        if record is None or not record.trips:
            return "healthy", None
        if record.until <= time.time():
            return "probing", None
        return ("down" if record.down else "resting"), record.until

    def succeeded(self, name: str, seconds: float) -> None:
        record = self._record(name)
        known = record.seconds
        record.seconds = seconds if known is None else known + SMOOTHING * (seconds - known)
        if record.trips:
            log.info("route_recovered", route=name)
            self._share(name, None)
        record.failures = record.trips = 0
        record.down = False

    def failed(self, name: str, *, down: bool = False, pause: float | None = None) -> None:
        """A failure that says something of the provider, not of the request. `pause`: the seconds
        that it has asked for."""
        record = self._record(name)
        record.failures += 1
        if pause is not None:
            self._rest(name, record, pause, down)
        elif record.failures >= FAILURES or record.trips:
            self._rest(name, record, SHORTEST_SECONDS * 2**record.trips, down)

    def follow(self, stop: threading.Event) -> None:
        """Learn what the others have found, every second until told to stop."""
        while not stop.wait(LOOK_SECONDS):
            try:
                self.look()
            except RedisError:
                continue

    def look(self) -> None:
        now = time.time()
        for key in (RESTING, DOWN):
            found: Any = self._redis.zrangebyscore(key, now, "+inf", withscores=True)
            for name, until in found:
                record = self._record(name.decode())
                record.trips = max(record.trips, 1)
                record.until, record.down = max(record.until, until), key == DOWN

    def _rest(self, name: str, record: Record, seconds: float, down: bool) -> None:
        seconds = min(seconds, LONGEST_SECONDS)
        record.trips = min(record.trips + 1, 10)
        record.until, record.down = time.time() + seconds, down
        log.warning("route_rests", route=name, seconds=round(seconds, 1), down=down)
        self._share(name, record)

    def _share(self, name: str, record: Record | None) -> None:
        """Tell the others; without a record, that it is well."""
        try:
            pipeline = self._redis.pipeline(transaction=False)
            for key in (RESTING, DOWN):
                pipeline.zrem(key, name)
                pipeline.zremrangebyscore(key, "-inf", time.time() - LONGEST_SECONDS)
            if record is not None:
                pipeline.zadd(DOWN if record.down else RESTING, {name: record.until})
            pipeline.execute()
        except RedisError as error:
            log.warning("route_not_shared", error=type(error).__name__)

    def _record(self, name: str) -> Record:
        record = self._records.get(name)
        if record is None:
            if len(self._records) >= ROUTES:
                self._records.clear()
            record = self._records[name] = Record()
        return record


def name_of(org: str, route: Candidate) -> str:
    """What a route's health is kept under. The platform's credentials are everybody's."""
    owner = org if route.provider.source == "organisation" else "platform"
    return f"{owner}/{route.provider.name}/{route.model}"
