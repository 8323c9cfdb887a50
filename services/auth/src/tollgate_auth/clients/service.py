"""Client credentials for our own services (RFC 6749, section 4.4)."""

import hmac
import re
from collections.abc import Mapping

from pydantic import SecretStr

from tollgate_auth.clients.grants import ANY, GRANTS
from tollgate_auth.oauth.errors import InvalidScope

_SCOPE = re.compile(r"[a-z_]{1,30}:[a-z_]{1,30}\Z")


class ServiceClients:
    """The services that have a secret, and what each may be granted."""

    def __init__(self, secrets: Mapping[str, SecretStr]) -> None:
        self._secrets = {name: secret.get_secret_value() for name, secret in secrets.items()}

    def knows(self, client_id: str, secret: str) -> bool:
        """Return whether the secret is the client's, compared in constant time."""
        known = self._secrets.get(client_id, "")
        same = hmac.compare_digest(known.encode(), secret.encode("utf-8", "surrogateescape"))
        return bool(known) and same

    def granted(self, client_id: str, audience: str, scope: str) -> str:
        """The scopes to grant, space-separated: those asked for, or all there are."""
        allowed = GRANTS.get(client_id, {}).get(audience, frozenset())
        if not allowed:
            raise InvalidScope("There is nothing to grant for this audience.", "audience")
        asked = scope.split()
        if not asked:
            return " ".join(sorted(allowed - {ANY}))
        for one in asked:
            if not _SCOPE.match(one) or (one not in allowed and ANY not in allowed):
                raise InvalidScope(f"The scope {one[:40]} is not granted here.", "scope")
        return " ".join(asked)
