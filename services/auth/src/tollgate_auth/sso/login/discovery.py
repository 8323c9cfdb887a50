"""What providers say of themselves, remembered for a few minutes, with the keys they publish."""

import threading
import time
from typing import Annotated, Any

from authlib.integrations.flask_client import FlaskOAuth2App
from pydantic import BaseModel, Field

from tollgate_auth.sso.login.errors import BadDiscovery
from tollgate_auth.sso.login.http import UNREADABLE
from tollgate_auth.sso.urls import url_fault

REMEMBERED_SECONDS = 300.0
WELL_KNOWN = "/.well-known/openid-configuration"

# Signatures that need a private key: never `none`, nor a shared secret.
ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)

Url = Annotated[str, Field(max_length=2000)]


class Metadata(BaseModel):
    """What is read of a discovery document (OpenID Connect Discovery 1.0, section 3)."""

    issuer: str
    authorization_endpoint: Url
    token_endpoint: Url
    jwks_uri: Url
    userinfo_endpoint: Url | None = None
    id_token_signing_alg_values_supported: list[str] = ["RS256"]
    token_endpoint_auth_methods_supported: list[str] = ["client_secret_basic"]
    scopes_supported: list[str] = []

    def checked(self, issuer: str) -> dict[str, Any]:
        """As Authlib wants it, or ValueError. An encrypted issuer has encrypted addresses only."""
        local = issuer.startswith("http://")
        urls = (self.authorization_endpoint, self.token_endpoint, self.jwks_uri,
                self.userinfo_endpoint)  # fmt: skip
        if self.issuer != issuer or any(url_fault(url, local) for url in urls if url):
            raise ValueError("a discovery document of another issuer, or with wrong addresses")
        known = self.model_dump()
        offered = self.id_token_signing_alg_values_supported
        known["id_token_signing_alg_values_supported"] = sorted(ALGORITHMS.intersection(offered))
        return known


class Discovery:
    """A document is a dict that Authlib shares: it keeps the provider's keys in it."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, dict[str, Any]]] = {}
        self._lock = threading.Lock()

    def load(self, app: FlaskOAuth2App, issuer: str) -> None:
        """Tell `app` of its provider; asks the provider when what is known is too old.
        `BadDiscovery`; a `requests.RequestException` when it does not answer."""
        fresh_until, known = self._known.get(issuer, (0.0, {}))
        if time.monotonic() > fresh_until:
            known = self._fetched(app, issuer)
        app.server_metadata = known

    def _fetched(self, app: FlaskOAuth2App, issuer: str) -> dict[str, Any]:
        try:
            document = app.load_server_metadata()
            known = Metadata.model_validate(document).checked(issuer)
        except UNREADABLE:
            raise BadDiscovery from None
        known["_loaded_at"] = document["_loaded_at"]
        now = time.monotonic()
        with self._lock:
            kept = {name: entry for name, entry in self._known.items() if entry[0] > now}
            self._known = kept | {issuer: (now + REMEMBERED_SECONDS, known)}
        return known
