"""The key ring: made on first need, rotated on command, published with what is still needed.

A new key is published before it signs, so that whoever fetches the keys has it in time; an old one
stays published until the last token it signed has expired.
"""

import base64
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from tollgate_auth.signing_keys import repository
from tollgate_common.errors import DependencyDown
from tollgate_common.ids import new_id
from tollgate_common.sealing import Sealer

ANNOUNCED_SECONDS = 30.0
REMEMBERED_SECONDS = 5.0
TAKEOVER_SECONDS = 2 * REMEMBERED_SECONDS
"""Until the key signs that takes a revoked one's place: each process has read of it by then."""


class SigningKey(NamedTuple):
    kid: str
    private: Ed25519PrivateKey
    public: bytes
    signs_from: datetime


class KeyRing:
    """`longest_life`: seconds that the longest-lived token lives. With the database away, keys
    once read go on being used."""

    def __init__(self, engine: Callable[[], Engine], sealer: Sealer, longest_life: float) -> None:
        self._engine = engine
        self._sealer = sealer
        self._longest_life = longest_life
        self._keys: list[SigningKey] = []
        self._read_at = -REMEMBERED_SECONDS
        self._lock = threading.Lock()

    def current(self) -> SigningKey:
        """The key that signs now. (The very first may seem to sign from a moment ahead of us: the
        database's clock set it.)"""
        now = datetime.now(UTC)
        keys = self._all()
        return next((key for key in keys if key.signs_from <= now), keys[-1])

    def public_key(self, kid: str) -> Ed25519PublicKey | None:
        found = next((key for key in self._all() if key.kid == kid), None)
        return found.private.public_key() if found else None

    def jwks(self) -> dict[str, Any]:
        """RFC 7517: every key that a good token may be signed with."""
        return {"keys": [_jwk(key) for key in self._all()]}

    def published(self) -> dict[str, Any]:
        """`jwks`, for a `JwksClient`: a database that does not answer is `DependencyDown`."""
        try:
            return self.jwks()
        except SQLAlchemyError:
            raise DependencyDown("The database") from None

    def rotate(self, announced: float = ANNOUNCED_SECONDS) -> str:
        """Make a new key, which signs after `announced` seconds; return its kid."""
        with self._engine().begin() as connection:
            repository.lock(connection)
            kid = self._replace(connection, announced)
        self._read_at = -REMEMBERED_SECONDS
        return kid

    def supersede(self, kid: str) -> bool:
        """See to it that another key signs after `TAKEOVER_SECONDS`; False where there is none of
        this kid."""
        with self._engine().begin() as connection:
            repository.lock(connection)
            kids = [row.kid for row in repository.usable(connection)]
            if kids and kids[0] == kid:
                self._replace(connection, TAKEOVER_SECONDS)
        self._read_at = -REMEMBERED_SECONDS
        return kid in kids

    def remove(self, kid: str) -> None:
        """Publish this key no longer, for good."""
        with self._engine().begin() as connection:
            repository.remove(connection, kid)
        self._read_at = -REMEMBERED_SECONDS

    def kids(self) -> list[str]:
        return [key.kid for key in self._all()]

    def rotate_if_older(self, than: timedelta) -> str | None:
        """Rotate when the newest key has reached this age; of several processes, one does. Keys
        that verify nothing any more are forgotten."""
        with self._engine().begin() as connection:
            repository.lock(connection)
            repository.purge(connection)
            made_at = repository.newest_made_at(connection)
            if made_at is None or datetime.now(UTC) - made_at < than:
                return None
            kid = self._replace(connection, ANNOUNCED_SECONDS)
        self._read_at = -REMEMBERED_SECONDS
        return kid

    def _replace(self, connection: Connection, announced: float) -> str:
        repository.retire_all(connection, announced + self._longest_life)
        return self._make(connection, announced)

    def _all(self) -> list[SigningKey]:
        if time.monotonic() - self._read_at > REMEMBERED_SECONDS:
            with self._lock:
                if time.monotonic() - self._read_at > REMEMBERED_SECONDS:
                    self._refresh()
        return self._keys

    def _refresh(self) -> None:
        try:
            self._keys = self._read()
        except SQLAlchemyError:
            if not self._keys:
                raise
        self._read_at = time.monotonic()

    def _read(self) -> list[SigningKey]:
        with self._engine().begin() as connection:
            rows = repository.usable(connection)
            if not rows:
                repository.lock(connection)
                if not repository.usable(connection):
                    self._make(connection, after=0)
                rows = repository.usable(connection)
        return [self._opened(row) for row in rows]

    def _make(self, connection: Connection, after: float) -> str:
        kid, private = new_id("sig"), Ed25519PrivateKey.generate()
        sealed = self._sealer.seal(private.private_bytes_raw(), _purpose(kid))
        public = private.public_key().public_bytes_raw()
        repository.add(connection, kid, public, sealed, after)
        return kid

    def _opened(self, row: repository.KeyRow) -> SigningKey:
        known = next((key for key in self._keys if key.kid == row.kid), None)
        if known:
            return known
        raw = self._sealer.open(row.private_key, _purpose(row.kid))
        private = Ed25519PrivateKey.from_private_bytes(raw)
        return SigningKey(row.kid, private, row.public_key, row.signs_from)


def _purpose(kid: str) -> str:
    return f"signing-key:{kid}"


def _jwk(key: SigningKey) -> dict[str, str]:
    x = base64.urlsafe_b64encode(key.public).rstrip(b"=").decode()
    return {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": key.kid, "x": x}
