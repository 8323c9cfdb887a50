"""Links that people are sent: signed, expiring, good for one purpose.

What makes each work only once is the purpose's own business. The token is behind the `#`, which
browsers keep to themselves: it reaches no log and no other site.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from tollgate_auth.tokens.service import TokenIssuer
from tollgate_common.errors import BadRequest, Unauthorized
from tollgate_common.jwt import Claims, TokenVerifier

AUDIENCE = "tollgate-link"

LinkToken = Annotated[str, Field(max_length=4096)]


class BadLink(BadRequest):
    code = "bad_link"

    def __init__(self) -> None:
        super().__init__("The link is not valid, was used, or is too old; ask for another.")


class Links:
    """`base` is what people call; `verifier` is for our audience."""

    def __init__(self, base: str, issuer: TokenIssuer, verifier: TokenVerifier) -> None:
        self._base = base
        self._issuer = issuer
        self._verifier = verifier

    def make(
        self,
        purpose: str,
        subject: str,
        expires_at: datetime,
        claims: Mapping[str, Any] | None = None,
    ) -> str:
        said = {"typ": purpose, **(claims or {})}
        token = self._issuer.sign(AUDIENCE, subject, said, int(expires_at.timestamp()))
        return f"{self._base}/{purpose}#{token}"

    def subject_of(self, purpose: str, token: str) -> str | None:
        """Whom a link was made for, if it can still be read."""
        try:
            return str(self.read(purpose, token)["sub"])
        except BadLink:
            return None

    def read(self, purpose: str, token: str) -> Claims:
        """The claims of a link's token that holds, or `BadLink`."""
        try:
            claims = self._verifier.verify(token)
        except Unauthorized:
            raise BadLink from None
        if claims.get("typ") != purpose:
            raise BadLink
        return claims
