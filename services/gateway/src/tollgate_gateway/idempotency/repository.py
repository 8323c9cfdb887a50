"""The keys in Redis: claimed by a request that runs, then answered.

A claim has a lease, which whoever runs the request renews; when its process dies, the lease ends
and the key is free. `largest` bounds what the answered keys of an organisation come to, in bytes:
beyond it those answered first are forgotten before their time. All that a script touches has its
organisation's hash tag, so the same runs on a Redis Cluster. Redis away: `RedisError`.
"""

import time
from collections.abc import Iterable
from importlib import resources
from typing import Any, NamedTuple

from redis import Redis

from tollgate_common.tickets import bucket
from tollgate_gateway.idempotency.places import Place

LEASE_MS = 15_000
KEPT_MS = 24 * 60 * 60 * 1000
ENTRY_BYTES = 1024
"""What an entry takes beside its answer, at most."""


class Claim:
    """A key that `owner`, one request, has. Weak references to it are taken."""

    __slots__ = ("__weakref__", "owner", "place")

    def __init__(self, place: Place, owner: str) -> None:
        self.place = place
        self.owner = owner


class Found(NamedTuple):
    """The request that had the key first. `answer` is sealed; None: not kept."""

    fingerprint: str
    request_id: str
    is_running: bool
    answer: bytes | None


class KeyRepository:
    def __init__(self, redis: Redis, largest: int) -> None:
        self._redis = redis
        self._largest = largest
        scripts = resources.files(__package__)
        self._claim, self._renew, self._free, self._keep = (
            redis.register_script(scripts.joinpath(f"{name}.lua").read_bytes())
            for name in ("claim", "renew", "free", "keep")
        )

    def claim(self, claim: Claim, request_id: str) -> Found | None:
        """None: the key is the request's now."""
        found: Any = self._claim(
            keys=[_entry(claim.place)],
            args=[claim.place.fingerprint, claim.owner, request_id, LEASE_MS],
        )
        fingerprint, first, owner, answer = found
        if fingerprint is None:
            return None
        return Found(fingerprint.decode(), first.decode(), owner is not None, answer)

    def renew(self, claims: Iterable[Claim]) -> None:
        """One call for each bucket."""
        of_bucket: dict[str, list[Claim]] = {}
        for claim in claims:
            of_bucket.setdefault(bucket(claim.place.org), []).append(claim)
        for some in of_bucket.values():
            owners = [claim.owner for claim in some]
            self._renew(keys=[_entry(claim.place) for claim in some], args=[LEASE_MS, *owners])

    def free(self, claim: Claim) -> None:
        self._free(keys=[_entry(claim.place)], args=[claim.owner])

    def keep(self, claim: Claim, answer: bytes | None) -> bool:
        """Answered. False: the lease had ended, and the key is another's or nobody's."""
        place, listing = claim.place, _listing(claim.place.org)
        now_ms = int(time.time() * 1000)
        gone: Any = self._keep(
            keys=[_entry(place), listing, f"{listing}:bytes"],
            args=[
                claim.owner, answer or b"", now_ms, KEPT_MS, self._largest, place.name,
                ENTRY_BYTES + len(answer or b""),
            ],
        )  # fmt: skip
        if gone:
            self._redis.delete(*(f"{listing}:{name.decode()}" for name in gone))
        return gone is not None


def _listing(org: str) -> str:
    return f"idempotency:{bucket(org)}:{org}"


def _entry(place: Place) -> str:
    return f"{_listing(place.org)}:{place.name}"
