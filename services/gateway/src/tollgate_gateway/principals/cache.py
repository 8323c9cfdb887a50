"""Principals remembered: seconds in the process, minutes in Redis.

An entry of Redis is fresh for two minutes and usable for ten when auth does not answer; its
assertion lives longer than that. A change of a key removes both at once (`changes`), and the
version it names keeps an older answer, still on its way, from being remembered again.
"""

import time
from collections import OrderedDict
from typing import Any, NamedTuple

import msgspec
from redis import Redis
from redis.exceptions import RedisError

from tollgate_common.logging import get_logger
from tollgate_common.principal import Principal

PROCESS_SECONDS = 5.0
NEGATIVE_SECONDS = 5.0
FRESH_SECONDS = 120.0
STALE_SECONDS = 600.0
ENTRIES = 50_000


class Stored(msgspec.Struct, frozen=True):
    """A principal as it lies in Redis, with the moment it was learnt (epoch seconds)."""

    principal: Principal
    learnt_at: float

    def fresh(self) -> bool:
        return time.time() - self.learnt_at < FRESH_SECONDS

    def usable(self) -> bool:
        now = time.time()
        return now - self.learnt_at < STALE_SECONDS and now < self.principal.assertion_expires_at


class _Local(NamedTuple):
    principal: Principal | None
    until: float


log = get_logger(__name__)

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Stored).decode


class PrincipalCache:
    """`name` is what a principal is looked up by: a key's hash, or a user."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._local: OrderedDict[str, _Local] = OrderedDict()
        self._versions: OrderedDict[str, int] = OrderedDict()

    def local(self, name: str) -> tuple[bool, Principal | None]:
        """Whether the process knows, and what: None is a name known to be nobody's."""
        entry = self._local.get(name)
        if entry is None or entry.until < time.monotonic():
            return False, None
        return True, entry.principal

    def stored(self, name: str) -> Stored | None:
        """What Redis remembers and may still be used: not too old, nor older than a change heard
        of. Redis away: nothing."""
        try:
            raw: Any = self._redis.get(_key(name))
        except RedisError:
            return None
        stored = _decode(raw) if raw else None
        return stored if stored and stored.usable() and self._current(name, stored) else None

    def remember(self, name: str, stored: Stored) -> None:
        """Keep it here for seconds, and no longer than it is true; the versions heard of in changes
        decide whether it may be kept."""
        if self._current(name, stored):
            left = stored.principal.assertion_expires_at - time.time()
            self._keep(
                name, _Local(stored.principal, time.monotonic() + min(PROCESS_SECONDS, left))
            )

    def learn(self, name: str, principal: Principal) -> None:
        """Keep auth's answer here and in Redis."""
        stored = Stored(principal, time.time())
        self.remember(name, stored)
        if not self._current(name, stored):
            return
        try:
            self._redis.set(_key(name), _encode(stored), ex=int(STALE_SECONDS))
        except RedisError:
            return

    def learn_unknown(self, name: str) -> None:
        """Remember for a short while that nobody answers to this name."""
        self._keep(name, _Local(None, time.monotonic() + NEGATIVE_SECONDS))

    def forget(self, name: str, version: int) -> None:
        """The principal has changed: what is older than `version` is out of date."""
        self._versions[name] = max(version, self._versions.get(name, 0))
        while len(self._versions) > ENTRIES:
            self._versions.popitem(last=False)
        self._local.pop(name, None)
        try:
            self._redis.delete(_key(name))
        except RedisError as error:
            log.warning("principal_not_forgotten", error=type(error).__name__)

    def _current(self, name: str, stored: Stored) -> bool:
        return stored.principal.version >= self._versions.get(name, 0)

    def _keep(self, name: str, entry: _Local) -> None:
        self._local[name] = entry
        while len(self._local) > ENTRIES:
            self._local.popitem(last=False)


def _key(name: str) -> str:
    return f"principal:{name}"
