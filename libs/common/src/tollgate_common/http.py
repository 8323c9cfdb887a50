"""Control-plane calls between services: short, with timeouts and retries. Not the hot path."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from tollgate_common.errors import DependencyDown
from tollgate_common.logging import request_id
from tollgate_common.metrics import dependency_failures

CONNECT_SECONDS = 1.0
READ_SECONDS = 5.0
RENEW_BEFORE_SECONDS = 60
RENEW_AFTER_SECONDS = 60.0
SPARED_SECONDS = 5.0


class ControlClient:
    """Calls one service. Connection failures of any method, and 502/503/504 of those that can be
    repeated, are tried three times in all; what still fails is `DependencyDown` and counted."""

    def __init__(self, name: str, base_url: str, pool_size: int = 16) -> None:
        self._name = name
        self._base_url = base_url.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy variable must not divert calls between services
        retry = Retry(
            total=None, connect=2, read=0, status=2, backoff_factor=0.1,
            status_forcelist=(502, 503, 504), raise_on_status=False,
        )  # fmt: skip
        adapter = HTTPAdapter(pool_maxsize=pool_size, max_retries=retry)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

    def request(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        timeout: float = READ_SECONDS,
        **more: Any,
    ) -> requests.Response:
        """The service's answer, whatever its status below 500; `DependencyDown` else."""
        headers = dict(more.pop("headers", {}))
        if token:
            headers["authorization"] = f"Bearer {token}"
        if identity := request_id.get():
            headers.setdefault("x-request-id", identity)
        try:
            response = self._session.request(
                method, self._base_url + path,
                headers=headers, timeout=(CONNECT_SECONDS, timeout), allow_redirects=False, **more,
            )  # fmt: skip
        except requests.RequestException:
            dependency_failures.labels(self._name).inc()
            raise DependencyDown(self._name) from None
        if response.status_code >= 500:
            dependency_failures.labels(self._name).inc()
            raise DependencyDown(self._name)
        return response

    def json(self, method: str, path: str, **more: Any) -> Any:
        """The decoded body of a 2xx answer; any other answer is `DependencyDown`: between our own
        services it means that they disagree."""
        response = self.request(method, path, **more)
        if not response.ok:
            dependency_failures.labels(self._name).inc()
            raise DependencyDown(self._name)
        return response.json()


class ServiceToken(NamedTuple):
    """A token, and the moments (monotonic) when it is to be renewed, and when it must be."""

    text: str
    renew_at: float
    ends_at: float


class ServiceTokens:
    """This service's own tokens for calling the others, by audience and scope.

    Each is renewed after a minute, so that none is signed for long by a key that auth signs with no
    more; with auth down it goes on being used until a minute before it expires.
    """

    def __init__(self, auth: ControlClient, client_id: str, secret: str) -> None:
        self._auth = auth
        self._credentials = (client_id, secret)
        self._tokens: dict[tuple[str, str], ServiceToken] = {}
        self._lock = threading.Lock()

    def get(self, audience: str, scope: str) -> str:
        token = self._tokens.get((audience, scope))
        now = time.monotonic()
        if token is not None and now < token.renew_at:
            return token.text
        if token is None or now >= token.ends_at:
            with self._lock:
                return self._renewed(audience, scope, token)
        if not self._lock.acquire(blocking=False):
            return token.text  # somebody else renews it
        try:
            return self._renewed(audience, scope, token)
        except DependencyDown:
            self._tokens[audience, scope] = token._replace(renew_at=now + SPARED_SECONDS)
            return token.text
        finally:
            self._lock.release()

    def _renewed(self, audience: str, scope: str, old: ServiceToken | None) -> str:
        """Return a new token, or the one that somebody else has got meanwhile."""
        token = self._tokens.get((audience, scope))
        if token is None or token is old:
            token = self._tokens[audience, scope] = self._fetch(audience, scope)
        return token.text

    def _fetch(self, audience: str, scope: str) -> ServiceToken:
        granted: Mapping[str, Any] = self._auth.json(
            "POST",
            "/oauth/token",
            data={"grant_type": "client_credentials", "audience": audience, "scope": scope},
            auth=self._credentials,
        )
        lifetime = max(1, granted["expires_in"] - RENEW_BEFORE_SECONDS)
        now = time.monotonic()
        renew_at = now + min(RENEW_AFTER_SECONDS, lifetime)
        return ServiceToken(str(granted["access_token"]), renew_at, now + lifetime)


def jwks_fetcher(auth: ControlClient) -> Callable[[], Mapping[str, Any]]:
    """How `JwksClient` gets auth's published keys."""
    return lambda: auth.json("GET", "/.well-known/jwks.json")
