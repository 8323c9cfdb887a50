"""What an organisation can learn of addresses that have an account in another.

An address has one account in an installation, so making a user of it says whether it has one. That
cannot be hidden; it is made slow: after a few such answers in a day the organisation waits, for
every new user alike. Inviting says nothing, for whom the link is for finds it out, not who invites.
Where Redis does not answer, nothing is counted.
"""

from contextlib import suppress

from redis import Redis
from redis.exceptions import RedisError

from tollgate_common.attempts.counters import AttemptCounters, Counter, Delays, name_of
from tollgate_common.errors import TooMany

FREE, FORGOTTEN_SECONDS = 10, 24 * 3600
DELAYS = Delays(first=60, longest=3600)


class TakenAddresses:
    def __init__(self, redis: Redis) -> None:
        self._counters = AttemptCounters(redis)

    def check(self, org: str) -> None:
        """`TooMany` while the organisation has to wait."""
        with suppress(RedisError):
            self._counters.check(_name(org))

    def note(self, org: str) -> None:
        """Count an address that another organisation has."""
        with suppress(RedisError, TooMany):
            self._counters.begin([Counter(_name(org), FREE, FORGOTTEN_SECONDS)], DELAYS)


def _name(org: str) -> str:
    return name_of("taken-addresses", org)
