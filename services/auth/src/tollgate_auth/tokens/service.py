"""The tokens that auth signs: EdDSA, with the `kid` of the key that signs now.

| token | audience | subject | lives |
|---|---|---|---|
| access | `tollgate` | user or service account | `access_token_minutes` |
| refresh | `tollgate-refresh` | user | `refresh_token_days`, for one use |
| link | `tollgate-link` | invitation or user | as long as its purpose says (`links`) |
| assertion | `internal` | key or user | 15 minutes, or until the key expires |
| service | the service called | `service:<client id>` | 15 minutes |

Access and refresh tokens live no longer than their session.
"""

import time
import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import jwt
from flask import g
from flask_jwt_extended import create_access_token, create_refresh_token

from tollgate_auth.settings import AuthSettings
from tollgate_auth.signing_keys.service import KeyRing
from tollgate_common.guard import INTERNAL_AUDIENCE
from tollgate_common.jwt import ALGORITHM

ACCESS_AUDIENCE = "tollgate"
REFRESH_AUDIENCE = "tollgate-refresh"
ASSERTION_SECONDS = 15 * 60
SERVICE_TOKEN_SECONDS = 15 * 60


class TokenIssuer:
    """Signs claims. What they say is the caller's business."""

    def __init__(self, keyring: KeyRing, settings: AuthSettings) -> None:
        self._keyring = keyring
        self._issuer = settings.issuer
        self.access_life = timedelta(minutes=settings.access_token_minutes)
        self.refresh_life = timedelta(days=settings.refresh_token_days)
        self.session_life = timedelta(days=settings.session_days)

    def access(
        self,
        user: str,
        org: str,
        role: str | None,
        scopes: Iterable[str],
        sid: str,
        life: timedelta,
    ) -> str:
        """`role`: none for a service account. `life`: at most `access_life`."""
        claims = {"typ": "access", "aud": ACCESS_AUDIENCE, "org": org, "role": role,
                  "scope": " ".join(scopes), "sid": sid}  # fmt: skip
        return str(
            create_access_token(
                user,
                expires_delta=life,
                additional_claims=claims,
                additional_headers=self._header(),
            )
        )

    def refresh(self, user: str, sid: str, life: timedelta) -> str:
        """`life`: at most `refresh_life`."""
        return str(
            create_refresh_token(
                user,
                expires_delta=life,
                additional_claims={"typ": "refresh", "aud": REFRESH_AUDIENCE, "sid": sid},
                additional_headers=self._header(),
            )
        )

    def assertion(self, subject: str, claims: dict[str, Any], expires_at: int) -> str:
        return self.sign(INTERNAL_AUDIENCE, subject, claims, expires_at)

    def service_token(self, client_id: str, audience: str, scope: str) -> str:
        expires_at = int(time.time()) + SERVICE_TOKEN_SECONDS
        return self.sign(audience, f"service:{client_id}", {"scope": scope}, expires_at)

    def sign(self, audience: str, subject: str, claims: dict[str, Any], expires_at: int) -> str:
        key = self._keyring.current()
        standard = {"iss": self._issuer, "aud": audience, "sub": subject, "iat": int(time.time()),
                    "exp": expires_at, "jti": uuid.uuid4().hex}  # fmt: skip
        return jwt.encode(claims | standard, key.private, ALGORITHM, headers={"kid": key.kid})

    def _header(self) -> dict[str, str]:
        """Names the key that `flask_jwt.register`'s loader hands to Flask-JWT-Extended next."""
        g.signing_key = self._keyring.current()
        return {"kid": g.signing_key.kid}
