"""Verification of auth's tokens against its published keys.

A token is good when its signature is by a published key, its algorithm is EdDSA (whatever its
header claims), and issuer, audience and times hold. Nothing in a token's header but `kid` is read.
"""

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import jwt

from tollgate_common.errors import DependencyDown, Unauthorized

ALGORITHM = "EdDSA"
REQUIRED_CLAIMS = ["exp", "iat", "iss", "aud", "sub"]
REFETCH_SECONDS = 3.0
REFRESH_SECONDS = 60.0
TRUSTED_SECONDS = 2 * REFRESH_SECONDS
REMEMBERED_TOKENS = 10_000

Claims = Mapping[str, Any]


class JwksClient:
    """The published keys, fetched when needed: renewed every minute beside the call that finds them
    old, before a call that finds them two minutes old, and at an unknown `kid` at once, but not
    more often than every three seconds. So a key that is revoked is good for two minutes at most.
    With auth down, keys once seen go on being used; with none ever seen, `DependencyDown`."""

    def __init__(self, fetch: Callable[[], Mapping[str, Any]]) -> None:
        self._fetch = fetch
        self._keys: dict[str, Any] = {}
        self._fetched_at = -TRUSTED_SECONDS
        self._lock = threading.Lock()
        self._renewal = threading.Lock()

    def key(self, kid: str) -> Any:
        age = time.monotonic() - self._fetched_at
        if age > TRUSTED_SECONDS or (kid not in self._keys and age > REFETCH_SECONDS):
            self._refresh()
        elif age > REFRESH_SECONDS and self._renewal.acquire(blocking=False):
            threading.Thread(target=self._renew, daemon=True).start()
        if not self._keys:
            raise DependencyDown("auth")
        if kid not in self._keys:
            raise Unauthorized("The token is signed by a key we do not know.")
        return self._keys[kid]

    def _renew(self) -> None:
        try:
            self._refresh()
        finally:
            self._renewal.release()

    def _refresh(self) -> None:
        with self._lock:
            if time.monotonic() - self._fetched_at <= REFETCH_SECONDS:
                return
            try:
                published = jwt.PyJWKSet.from_dict(dict(self._fetch()))
            except (DependencyDown, jwt.PyJWTError):
                return
            finally:
                self._fetched_at = time.monotonic()
            self._keys = {key.key_id: key.key for key in published.keys if key.key_id}


class TokenVerifier:
    """Verifies tokens for one audience; a token that passed is remembered until it expires, or
    until its key is published no longer."""

    def __init__(self, jwks: JwksClient, issuer: str, audience: str) -> None:
        self._jwks = jwks
        self._issuer = issuer
        self._audience = audience
        self._verified: OrderedDict[bytes, tuple[str, Claims]] = OrderedDict()

    def verify(self, token: str) -> Claims:
        """The token's claims, or `Unauthorized`."""
        digest = hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
        remembered = self._verified.get(digest)
        if remembered is not None and remembered[1]["exp"] > time.time():
            self._jwks.key(remembered[0])
            return remembered[1]
        kid, claims = self._decode(token)
        self._verified[digest] = (kid, claims)
        while len(self._verified) > REMEMBERED_TOKENS:
            self._verified.popitem(last=False)
        return claims

    def _decode(self, token: str) -> tuple[str, Claims]:
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            if not isinstance(kid, str):
                raise Unauthorized("The token names no signing key.")
            claims = jwt.decode(
                token,
                self._jwks.key(kid),
                algorithms=[ALGORITHM],
                issuer=self._issuer,
                audience=self._audience,
                options={"require": REQUIRED_CLAIMS},
            )
            return kid, claims
        except (jwt.PyJWTError, ValueError):
            raise Unauthorized("The token is not valid or has expired.") from None
