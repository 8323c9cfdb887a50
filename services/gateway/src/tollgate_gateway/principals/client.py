"""auth's look-up of principals, from the gateway's side."""

from collections.abc import Mapping

from tollgate_common.errors import DependencyDown
from tollgate_common.http import ControlClient, ServiceTokens
from tollgate_common.principal import Principal, decode_principal

PATH = "/internal/v1/principals"
SCOPE = "principals:read"
NOBODY = frozenset({404, 422})  # a name that nobody has, and one that nobody can have


class PrincipalClient:
    """Asks auth. None: there is no such principal (any more). `DependencyDown`: auth gave no
    answer, which says nothing about the credential."""

    def __init__(self, auth: ControlClient, tokens: ServiceTokens) -> None:
        self._auth = auth
        self._tokens = tokens

    def find(self, question: Mapping[str, str]) -> Principal | None:
        token = self._tokens.get("auth", SCOPE)
        response = self._auth.request("POST", PATH, json=dict(question), token=token)
        if response.status_code in NOBODY:
            return None
        if not response.ok:
            raise DependencyDown("auth")
        return decode_principal(response.content)
