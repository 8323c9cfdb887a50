"""The only place where the ids of providers are kept: Redis, one key an id, for 30 days.

Nothing of it can be read from a dump. Of an HMAC of the organisation, mode, project and id, under a
secret that is made of ENCRYPTION_KEY, one part names the key and another seals what it holds, the
provider's name and address: that opens only for who has the id.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec
from redis import Redis

from tollgate_common.logging import get_logger
from tollgate_common.sealing import SealBroken, Sealer, derived_key
from tollgate_llm.affinity.errors import KEPT_DAYS
from tollgate_llm.affinity.models import Owner, Scope

KEPT_SECONDS = KEPT_DAYS * 24 * 60 * 60
NAME_BYTES = 16
SEAL_BYTES = 32

log = get_logger(__name__)
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Owner).decode


class IdRepository:
    """`encryption_key` is the text of ENCRYPTION_KEY. Methods raise `RedisError`."""

    def __init__(self, redis: Redis, encryption_key: str) -> None:
        self._redis = redis
        self._secret = derived_key(encryption_key, "ids of providers")

    def get(self, scope: Scope, ids: Sequence[str]) -> list[Owner | None]:
        """Return the owner of each id, None for one that is not known there; one round trip."""
        pipeline = self._redis.pipeline(transaction=False)
        places = [self._place(scope, each) for each in ids]
        for place in places:
            pipeline.get(place.key)
        return [
            None if sealed is None else place.opened(sealed)
            for place, sealed in zip(places, pipeline.execute(), strict=True)
        ]

    def add(self, scope: Scope, ids: Iterable[str], owner: Owner) -> None:
        """Keep who made the ids, from now on for the whole time; one round trip."""
        pipeline = self._redis.pipeline(transaction=False)
        for each in ids:
            place = self._place(scope, each)
            pipeline.set(place.key, place.sealed(owner), ex=KEPT_SECONDS)
        pipeline.execute()

    def _place(self, scope: Scope, value: str) -> "_Place":
        """No part but the last can have a NUL in it."""
        text = "\0".join((*scope, value)).encode("utf-8", "surrogatepass")
        digest = hmac.digest(self._secret, text, "sha512")
        name = urlsafe_b64encode(digest[:NAME_BYTES]).decode().rstrip("=")
        seal = urlsafe_b64encode(digest[-SEAL_BYTES:]).decode()
        return _Place(f"llm:id:{name}", Sealer(seal))


class _Place(NamedTuple):
    """Where an id's owner is kept, and what opens it."""

    key: str
    sealer: Sealer

    def sealed(self, owner: Owner) -> bytes:
        return self.sealer.seal(_encode(owner), self.key)

    def opened(self, sealed: Any) -> Owner | None:
        try:
            return _decode(self.sealer.open(sealed, self.key))
        except (SealBroken, msgspec.MsgspecError):
            log.warning("provider_id_unreadable")
            return None
