"""From a credential to a principal.

A cached key costs one dictionary look-up. auth is asked once for a name however many requests
wait for it. auth being down turns a known principal stale, never a valid key into 401: an unknown
one is then 503.
"""

import threading
from collections.abc import Mapping
from typing import Any

from werkzeug.datastructures import Headers

from tollgate_common.errors import DependencyDown, Forbidden, Unauthorized
from tollgate_common.jwt import Claims, TokenVerifier
from tollgate_common.metrics import principal_lookups
from tollgate_common.principal import Principal
from tollgate_gateway.principals.cache import PrincipalCache
from tollgate_gateway.principals.client import PrincipalClient
from tollgate_gateway.principals.credentials import ApiKey, credential_of

ACT_SCOPE = "inference:act"
ON_BEHALF_KEY = "x-tollgate-on-behalf-key"
ON_BEHALF_USER = "x-tollgate-on-behalf-user"
ON_BEHALF_PROJECT = "x-tollgate-on-behalf-project"


class PrincipalService:
    def __init__(
        self,
        cache: PrincipalCache,
        client: PrincipalClient,
        access_tokens: TokenVerifier,
        service_tokens: TokenVerifier,
    ) -> None:
        self._cache = cache
        self._client = client
        self._access_tokens = access_tokens
        self._service_tokens = service_tokens
        self._asking: dict[str, threading.Lock] = {}

    def authenticate(self, headers: Headers) -> Principal:
        """The caller, or `Unauthorized`, or `DependencyDown` when nobody can say."""
        credential = credential_of(headers)
        if isinstance(credential, ApiKey):
            return self._find(credential.digest, {"key_hash": credential.digest})
        try:
            claims = self._access_tokens.verify(credential.text)
        except Unauthorized:
            return self._on_behalf(credential.text, headers)
        return self._user(claims)

    def authorize(self, headers: Headers, scope: str) -> Principal:
        """The caller, who must have the scope."""
        principal = self.authenticate(headers)
        if scope not in principal.scopes:
            raise Forbidden(f"This needs the scope `{scope}`.")
        return principal

    def _user(self, claims: Claims) -> Principal:
        if claims.get("typ") not in (None, "access"):
            raise Unauthorized("This token is not an access token.")
        return self._find(f"user:{claims['sub']}", {"user_id": claims["sub"], "project_id": None})

    def _on_behalf(self, token: str, headers: Headers) -> Principal:
        """A service that may act for the principal it names: a worker running a queued call."""
        claims = self._service_tokens.verify(token)
        if ACT_SCOPE not in str(claims.get("scope", "")).split():
            raise Forbidden(f"This needs the scope `{ACT_SCOPE}`.")
        if key := headers.get(ON_BEHALF_KEY):
            return self._find(f"key:{key}", {"key_id": key})
        user, project = headers.get(ON_BEHALF_USER), headers.get(ON_BEHALF_PROJECT)
        if not user:
            raise Unauthorized("The request names nobody to act for.")
        return self._find(f"user:{user}:{project}", {"user_id": user, "project_id": project})

    def _find(self, name: str, question: Mapping[str, str | None]) -> Principal:
        known, principal = self._cache.local(name)
        if known:
            principal_lookups.labels("process").inc()
            return _existing(principal)
        with self._asking.setdefault(name, threading.Lock()):
            known, principal = self._cache.local(name)
            if not known:
                principal = self._look_up(name, question)
        self._asking.pop(name, None)
        return _existing(principal)

    def _look_up(self, name: str, question: Mapping[str, Any]) -> Principal | None:
        stored = self._cache.stored(name)
        if stored and stored.fresh():
            principal_lookups.labels("redis").inc()
            self._cache.remember(name, stored)
            return stored.principal
        try:
            principal = self._client.find(question)
        except DependencyDown:
            if stored is None:
                raise
            principal_lookups.labels("stale").inc()
            self._cache.remember(name, stored)
            return stored.principal
        principal_lookups.labels("auth").inc()
        if principal is None:
            self._cache.learn_unknown(name)
        else:
            self._cache.learn(name, principal)
        return principal


def _existing(principal: Principal | None) -> Principal:
    if principal is None:
        raise Unauthorized("The key or user is unknown, revoked or expired.")
    return principal
