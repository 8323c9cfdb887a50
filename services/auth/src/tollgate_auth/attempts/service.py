"""Slowing down whoever guesses.

After a few failures each further attempt has to wait twice as long as the one before, up to a
quarter of an hour: on an account wherever the attempts come from, and from an address whatever
account they are on. Accounts count by what was typed, so that those that do not exist behave the
same. Where the account's owner has logged in from lately counts apart, and the address's own wait
does not hold them there: neither strangers elsewhere nor those behind the same address lock the
owner out. Redis away: no attempt, 503.
"""

import hashlib
import ipaddress
import math
from importlib import resources
from typing import Any

from redis import Redis

from tollgate_common.addresses import plain_address
from tollgate_common.errors import TooMany

FIRST_DELAY_SECONDS = 1
LONGEST_DELAY_SECONDS = 15 * 60
FREE_FOR_ACCOUNT, ACCOUNT_FORGOTTEN_SECONDS = 5, 24 * 3600
FREE_FOR_ADDRESS, ADDRESS_FORGOTTEN_SECONDS = 100, 3600
FAMILIAR_SECONDS = 30 * 86400
HOLDS, COUNTS_ONLY = 1, 0
_IPV6_SITE = 64


class Attempts:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        source = resources.files(__package__).joinpath("attempt.lua").read_bytes()
        self._script = redis.register_script(source)

    def begin(self, account: str, address: str | None) -> "Attempt":
        """Count an attempt, a failure until it has `succeeded`; `TooMany` while it must wait."""
        attempt = Attempt(self._redis, account, _site(address))
        wait: Any = self._script(
            keys=attempt.counters(),
            args=[FIRST_DELAY_SECONDS, LONGEST_DELAY_SECONDS,
                  FREE_FOR_ACCOUNT, ACCOUNT_FORGOTTEN_SECONDS, HOLDS,
                  FREE_FOR_ADDRESS, ADDRESS_FORGOTTEN_SECONDS,
                  COUNTS_ONLY if attempt.is_familiar else HOLDS],
        )  # fmt: skip
        if wait > 0:
            seconds = math.ceil(wait / 1000)
            raise TooMany(f"Too many attempts; try again in {seconds} s.", seconds)
        return attempt


class Attempt:
    """One attempt on an account, from a site. `is_familiar`: the account's owner has logged in from
    there lately."""

    def __init__(self, redis: Redis, account: str, site: str) -> None:
        self._redis = redis
        self._familiar = _key("familiar", account, site)
        self.is_familiar = bool(redis.exists(self._familiar))
        self._account = _key("account", account, site if self.is_familiar else "")
        self._address = _key("address", site)

    def counters(self) -> list[str]:
        return [self._account, self._address]

    def succeeded(self) -> None:
        """The account's failures are forgotten; the address gets this one attempt back, no more:
        whoever has one account could else guess on at others."""
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.set(self._familiar, 1, ex=FAMILIAR_SECONDS)
        pipeline.delete(self._account)
        pipeline.hincrby(self._address, "failures", -1)
        pipeline.execute()


def _key(kind: str, *names: str) -> str:
    """One hash tag for all: the script touches two of them at once, on a cluster too."""
    return f"{{attempts}}:{kind}:{hashlib.sha256(' '.join(names).encode()).hexdigest()[:32]}"


def _site(address: str | None) -> str:
    """Return where an address belongs. An IPv6 site has 2^64 of them: it counts as one."""
    parsed = plain_address(address or "0.0.0.0")  # noqa: S104 - an unknown one
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, _IPV6_SITE), strict=False))
    return str(parsed)
