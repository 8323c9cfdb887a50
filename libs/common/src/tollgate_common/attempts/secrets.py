"""Slowing down whoever tries secrets that nobody has, such as API keys and client secrets.

Nobody guesses one of 190 bits; what they cost is a query each. So only where they come from counts,
and a secret that was good in the last month is let through wherever a flood comes from: whoever has
one waits for nobody. A secret that is known to be nobody's counts once an hour, so that a client
that goes on with a dead one does not hold its neighbours.
"""

from contextlib import suppress

from redis import Redis
from redis.exceptions import RedisError

from tollgate_common.attempts.counters import (
    AttemptCounters,
    Counter,
    Delays,
    name_of,
    site_of,
)

FREE_FOR_ADDRESS, FORGOTTEN_SECONDS = 100, 3600
DELAYS = Delays(first=1, longest=60)
GOOD_SECONDS = 30 * 86400
UNKNOWN_SECONDS = 3600


class SecretAttempts:
    """`kind` of secret; each kind counts apart. Where Redis does not answer, nothing is counted: it
    is about load, and no secret is guessed."""

    def __init__(self, redis: Redis, kind: str) -> None:
        self._redis = redis
        self._kind = kind
        self._counters = AttemptCounters(redis)

    def begin(self, digest: str, address: str | None) -> "SecretAttempt":
        """Count an attempt with a secret, by its hash; `TooMany` where its address is held, unless
        the secret was good lately."""
        attempt = SecretAttempt(self._redis, self._kind, digest, address)
        with suppress(RedisError):
            if not attempt.was_good():
                counter = Counter(attempt.counter, FREE_FOR_ADDRESS, FORGOTTEN_SECONDS)
                self._counters.begin([counter], DELAYS)
                attempt.is_counted = True
        return attempt


class SecretAttempt:
    """One attempt with a secret, of which one of three things is told in the end."""

    def __init__(self, redis: Redis, kind: str, digest: str, address: str | None) -> None:
        self._redis = redis
        self.counter = name_of(f"{kind}-address", site_of(address))
        self._good = name_of(f"{kind}-good", digest)
        self._unknown = name_of(f"{kind}-unknown", digest)
        self.is_counted = False

    def was_good(self) -> bool:
        return bool(self._redis.exists(self._good))

    def succeeded(self) -> None:
        """The address gets its attempt back, and the secret is let through from now on."""
        with suppress(RedisError):
            self._redis.set(self._good, 1, ex=GOOD_SECONDS)
        self.abandon()

    def failed(self) -> None:
        """The secret is nobody's (any more)."""
        with suppress(RedisError):
            self._redis.delete(self._good)
            if self._redis.set(self._unknown, 1, nx=True, ex=UNKNOWN_SECONDS):
                return
        self.abandon()

    def abandon(self) -> None:
        """Nobody could say: the address gets its attempt back."""
        if self.is_counted:
            with suppress(RedisError):
                self._redis.hincrby(self.counter, "failures", -1)
