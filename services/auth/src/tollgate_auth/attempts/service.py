"""Slowing down whoever guesses.

After a few failures each further attempt has to wait twice as long as the one before, up to a
quarter of an hour: on an account wherever the attempts come from, and from an address whatever
account they are on. Accounts count by what was typed, so that those that do not exist behave the
same. Where the account's owner has logged in from lately counts apart, and the address's own wait
does not hold them there: neither strangers elsewhere nor those behind the same address lock the
owner out. Redis away: no attempt, 503.
"""

from redis import Redis

from tollgate_common.attempts.counters import (
    AttemptCounters,
    Counter,
    Delays,
    name_of,
    site_of,
)

FIRST_DELAY_SECONDS = 1
LONGEST_DELAY_SECONDS = 15 * 60
FREE_FOR_ACCOUNT, ACCOUNT_FORGOTTEN_SECONDS = 5, 24 * 3600
FREE_FOR_ADDRESS, ADDRESS_FORGOTTEN_SECONDS = 100, 3600
FAMILIAR_SECONDS = 30 * 86400


class Attempts:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._counters = AttemptCounters(redis)

    def begin(self, account: str, address: str | None) -> "Attempt":
        """Count an attempt, a failure until it has `succeeded`; `TooMany` while it must wait."""
        attempt = Attempt(self._redis, account, site_of(address))
        delays = Delays(FIRST_DELAY_SECONDS, LONGEST_DELAY_SECONDS)
        self._counters.begin(attempt.counters(), delays)
        return attempt


class Attempt:
    """One attempt on an account, from a site. `is_familiar`: the account's owner has logged in from
    there lately."""

    def __init__(self, redis: Redis, account: str, site: str) -> None:
        self._redis = redis
        self._familiar = name_of("familiar", account, site)
        self.is_familiar = bool(redis.exists(self._familiar))
        self._account = name_of("account", account, site if self.is_familiar else "")
        self._address = name_of("address", site)

    def counters(self) -> list[Counter]:
        return [
            Counter(self._account, FREE_FOR_ACCOUNT, ACCOUNT_FORGOTTEN_SECONDS),
            Counter(
                self._address, FREE_FOR_ADDRESS, ADDRESS_FORGOTTEN_SECONDS, not self.is_familiar
            ),
        ]

    def succeeded(self) -> None:
        """The account's failures are forgotten; the address gets this one attempt back, no more:
        whoever has one account could else guess on at others."""
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.set(self._familiar, 1, ex=FAMILIAR_SECONDS)
        pipeline.delete(self._account)
        pipeline.hincrby(self._address, "failures", -1)
        pipeline.execute()
