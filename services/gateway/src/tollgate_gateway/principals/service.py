"""From a credential to a principal.

A cached key costs one dictionary look-up. auth is asked once for a name however many requests
wait for it, and what Redis remembers is used even when it is no longer fresh: it is then asked for
again beside the request. So auth being slow or down delays nobody who is known, and never turns a
valid key into 401: an unknown one is then 503.
"""

import threading
import time
from collections.abc import Mapping

from werkzeug.datastructures import Headers

from tollgate_common.attempts.secrets import SecretAttempts
from tollgate_common.errors import DependencyDown, Forbidden, Unauthorized
from tollgate_common.jwt import Claims, TokenVerifier
from tollgate_common.metrics import labelled, principal_lookups
from tollgate_common.principal import Principal
from tollgate_gateway.principals.cache import PrincipalCache
from tollgate_gateway.principals.client import PrincipalClient
from tollgate_gateway.principals.credentials import ApiKey, credential_of
from tollgate_gateway.principals.flights import Flights
from tollgate_gateway.principals.networks import check_source
from tollgate_gateway.principals.refusals import Counts, note_scope, note_source
from tollgate_gateway.principals.uses import KeyUses

ACT_SCOPE = "inference:act"
ON_BEHALF_KEY = "x-tollgate-on-behalf-key"
ON_BEHALF_USER = "x-tollgate-on-behalf-user"
SPARED_SECONDS = 1.0
RENEWALS_AT_ONCE = 16

Question = Mapping[str, str]


def require_scope(principal: Principal, scope: str) -> None:
    if scope not in principal.scopes:
        raise Forbidden(f"This needs the scope `{scope}`.")


class PrincipalService:
    """`address` is where a request comes from."""

    def __init__(
        self,
        cache: PrincipalCache,
        client: PrincipalClient,
        access_tokens: TokenVerifier,
        service_tokens: TokenVerifier,
        uses: KeyUses,
        counts: Counts,
        attempts: SecretAttempts,
    ) -> None:
        self._cache = cache
        self._client = client
        self._access_tokens = access_tokens
        self._service_tokens = service_tokens
        self._uses = uses
        self._counts = counts
        self._attempts = attempts
        self._flights: Flights[Principal | None] = Flights()
        self._spared_until = 0.0
        self._renewals = threading.BoundedSemaphore(RENEWALS_AT_ONCE)

    def authenticate(self, headers: Headers, address: str | None) -> Principal:
        """The caller, or `Unauthorized`, or `DependencyDown` when nobody can say."""
        credential = credential_of(headers)
        if isinstance(credential, ApiKey):
            return self._key(credential, address)
        try:
            claims = self._access_tokens.verify(credential.text)
        except Unauthorized:
            return self._on_behalf(credential.text, headers)
        return self._session(claims)

    def authorize(self, headers: Headers, address: str | None, scope: str) -> Principal:
        """The caller, who must have the scope."""
        principal = self.authenticate(headers, address)
        try:
            require_scope(principal, scope)
        except Forbidden as error:
            self.note_refusal(principal, scope, error)
            raise
        return principal

    def note_refusal(self, principal: Principal, scope: str, error: Forbidden) -> None:
        """Count that the caller was refused what this scope is for."""
        note_scope(self._counts, principal, scope, error)

    def _key(self, credential: ApiKey, address: str | None) -> Principal:
        principal = self._find(credential.digest, {"key_hash": credential.digest}, address)
        if principal.networks:
            self._check_source(principal, address)
        if principal.key:
            self._uses.note(principal.key)
        return principal

    def _check_source(self, principal: Principal, address: str | None) -> None:
        try:
            check_source(principal, address)
        except Forbidden as error:
            note_source(self._counts, principal, error)
            raise

    def _session(self, claims: Claims) -> Principal:
        session = claims.get("sid")
        if claims.get("typ") != "access" or not isinstance(session, str):
            raise Unauthorized("This token is not an access token.")
        return self._find(f"session:{session}", {"session_id": session})

    def _on_behalf(self, token: str, headers: Headers) -> Principal:
        """A service that may act for the principal it names: a worker running a queued call, which
        was checked when it was accepted."""
        claims = self._service_tokens.verify(token)
        if ACT_SCOPE not in str(claims.get("scope", "")).split():
            raise Forbidden(f"This needs the scope `{ACT_SCOPE}`.")
        if key := headers.get(ON_BEHALF_KEY):
            return self._find(f"key:{key}", {"key_id": key})
        if user := headers.get(ON_BEHALF_USER):
            return self._find(f"user:{user}", {"user_id": user})
        raise Unauthorized("The request names nobody to act for.")

    def _find(self, name: str, question: Question, address: str | None = None) -> Principal:
        """`address`, where a key comes from: unknown keys are counted by it."""
        known, principal = self._cache.local(name)
        if known:
            labelled(principal_lookups, "process").inc()
        else:
            principal = self._flights.run(name, lambda: self._look_up(name, question, address))
        if principal is None:
            raise Unauthorized("The key or user is unknown, revoked or expired.")
        return principal

    def _look_up(self, name: str, question: Question, address: str | None) -> Principal | None:
        stored = self._cache.stored(name)
        if stored is None:
            if "key_hash" in question:
                return self._ask_of_key(name, question, address)
            return self._ask(name, question)
        self._cache.remember(name, stored)
        if stored.fresh():
            principal_lookups.labels("redis").inc()
        else:
            principal_lookups.labels("stale").inc()
            self._renew_beside(name, question)
        return stored.principal

    def _renew_beside(self, name: str, question: Question) -> None:
        """Ask auth meanwhile. With so many under way the name waits for its next look-up: were each
        of many to ask an auth that hangs, they would fill the gateway, and then auth."""
        if self._renewals.acquire(blocking=False):
            threading.Thread(target=self._renew, args=(name, question), daemon=True).start()

    def _renew(self, name: str, question: Question) -> None:
        """Once in a few seconds, for what was remembered is kept in the process so long. Not as a
        flight: the one it was begun in may still be in the air."""
        try:
            self._ask(name, question)
        except DependencyDown:
            return
        finally:
            self._renewals.release()

    def _ask_of_key(self, name: str, question: Question, address: str | None) -> Principal | None:
        """Ask auth of a key that nobody remembers, unless too many from its address are nobody's;
        `TooMany` then."""
        attempt = self._attempts.begin(name, address)
        try:
            principal = self._ask(name, question)
        except DependencyDown:
            attempt.abandon()
            raise
        if principal is None:
            attempt.failed()
        else:
            attempt.succeeded()
        return principal

    def _ask(self, name: str, question: Question) -> Principal | None:
        """auth's answer, remembered. After a failure it is spared for a moment: were each of many
        to wait for it, they would fill the gateway."""
        if time.monotonic() < self._spared_until:
            raise DependencyDown("auth")
        try:
            principal = self._client.find(question)
        except DependencyDown:
            self._spared_until = time.monotonic() + SPARED_SECONDS
            raise
        principal_lookups.labels("auth").inc()
        if principal is None:
            self._cache.learn_unknown(name)
        else:
            self._cache.learn(name, principal)
        return principal
