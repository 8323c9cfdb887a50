"""What clients may ask of auth: a token of their own, whether a token holds, and its end."""

import hashlib
from datetime import UTC, datetime
from typing import Any, NamedTuple

from tollgate_auth.audit import service as audit
from tollgate_auth.clients.service import ServiceClients
from tollgate_auth.oauth.errors import InvalidClient, InvalidScope, UnauthorizedClient
from tollgate_auth.organisations import repository as organisations
from tollgate_auth.principals.service import Principals
from tollgate_auth.service_accounts import service as accounts
from tollgate_auth.service_accounts.models import ServiceAccount
from tollgate_auth.sessions import repository as sessions
from tollgate_auth.sessions import service as session_service
from tollgate_auth.sessions.models import Session
from tollgate_auth.tokens.service import (
    ACCESS_AUDIENCE,
    SERVICE_TOKEN_SECONDS,
    TokenIssuer,
)
from tollgate_auth.users import repository as users
from tollgate_auth.users.models import User
from tollgate_common.attempts.secrets import SecretAttempts
from tollgate_common.errors import NotFound, Unauthorized
from tollgate_common.ids import new_id
from tollgate_common.jwt import Claims, TokenVerifier


class Machine(NamedTuple):
    """A service account that has shown its secret."""

    user: User
    account: ServiceAccount


class Granted(NamedTuple):
    token: str
    seconds: int
    scope: str


class OAuth:
    """`access_tokens` verifies what users and service accounts hold."""

    def __init__(
        self,
        clients: ServiceClients,
        issuer: TokenIssuer,
        access_tokens: TokenVerifier,
        principals: Principals,
        attempts: SecretAttempts,
    ) -> None:
        self._clients = clients
        self._issuer = issuer
        self._access_tokens = access_tokens
        self._principals = principals
        self._attempts = attempts

    def authenticate(self, client_id: str, secret: str) -> Machine | str:
        """The service account, or the name of the service; `InvalidClient` else, and `TooMany` for
        an unknown secret from an address that tries many. A service's right one is not counted: it
        is known without Redis."""
        if self._clients.knows(client_id, secret):
            return client_id
        digest = hashlib.sha256(f"{client_id}:{secret}".encode("utf-8", "surrogateescape"))
        attempt = self._attempts.begin(digest.hexdigest(), audit.client_address())
        found = accounts.authenticate(client_id, secret)
        if found is None:
            accounts.note_refusal(client_id)
            attempt.failed()
            raise InvalidClient
        attempt.succeeded()
        return Machine(*found)

    def grant(self, client: Machine | str, audience: str, scope: str) -> Granted:
        """A token for what was asked, or for all there is."""
        if isinstance(client, Machine):
            return self._grant_machine(client, audience, scope)
        granted = self._clients.granted(client, audience, scope)
        token = self._issuer.service_token(client, audience, granted)
        return Granted(token, SERVICE_TOKEN_SECONDS, granted)

    def introspect(self, client: Machine | str, token: str) -> dict[str, Any]:
        """RFC 7662. A service account learns of its own organisation's tokens, a service of all;
        what is not a living access token is inactive, and no more is said of it."""
        claims = self._claims(token)
        if claims is None or (isinstance(client, Machine) and claims["org"] != client.user.org_id):
            return {"active": False}
        try:
            principal = self._principals.find({"session_id": claims["sid"]})
        except NotFound:
            return {"active": False}
        user = users.find_any(claims["sub"])
        kept = {name: claims[name] for name in ("iss", "aud", "sub", "iat", "exp", "jti", "org")}
        names = {"username": user.email} if user and user.email else {"client_id": claims["sub"]}
        scope = " ".join(principal.scopes)
        return {"active": True, "token_type": "Bearer", "scope": scope, **kept, **names}

    def revoke(self, client: Machine | str, token: str) -> None:
        """RFC 7009: the client's own token ends within a second. One that is none changes nothing;
        those of our own services only expire."""
        claims = self._claims(token)
        if claims is None:
            return
        if not isinstance(client, Machine) or claims["sub"] != client.user.id:
            raise UnauthorizedClient
        organisations.lock(client.user.org_id)
        session_service.end_own(client.user.org_id, claims["sid"], client.user.id)

    def _claims(self, token: str) -> Claims | None:
        try:
            claims = self._access_tokens.verify(token)
        except Unauthorized:
            return None
        return claims if claims.get("typ") == "access" else None

    def _grant_machine(self, client: Machine, audience: str, scope: str) -> Granted:
        if audience not in ("", ACCESS_AUDIENCE):
            raise InvalidScope(f"The audience is {ACCESS_AUDIENCE}, or none.", "audience")
        user, account = client
        asked = scope.split()
        if beyond := set(asked) - set(account.scopes):
            raise InvalidScope(f"The scope {min(beyond)[:40]} is not granted here.", "scope")
        granted = [one for one in account.scopes if one in asked or not asked]
        sid, life = new_id("ses"), self._issuer.access_life
        sessions.add(
            Session(
                id=sid,
                user_id=user.id,
                scopes=granted if asked else None,
                expires_at=(ends_at := datetime.now(UTC) + life),
                ends_at=ends_at,
            )
        )
        token = self._issuer.access(user.id, user.org_id, None, granted, sid, life)
        return Granted(token, int(life.total_seconds()), " ".join(granted))
