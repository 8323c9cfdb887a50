"""An identity provider as a login uses it: plain values, read before the database is let go."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tollgate_auth.sso.models import SsoProvider
from tollgate_auth.sso.schemas import RANKED, redirect_uri
from tollgate_auth.sso.service import purpose
from tollgate_common.sealing import Sealer


@dataclass(frozen=True)
class Provider:
    id: str
    org: str
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    domains: frozenset[str]
    default_role: str
    groups_claim: str
    group_roles: Mapping[str, str]

    @classmethod
    def of(
        cls, row: SsoProvider, domains: list[str], sealer: Sealer, public_url: str
    ) -> "Provider":
        return cls(
            id=row.id, org=row.org_id, issuer=row.issuer, client_id=row.client_id,
            client_secret=sealer.open(row.client_secret, purpose(row.id)).decode(),
            redirect_uri=redirect_uri(public_url, row.name), domains=frozenset(domains),
            default_role=row.default_role, groups_claim=row.groups_claim,
            group_roles=row.group_roles,
        )  # fmt: skip

    def role_of(self, groups: frozenset[str]) -> str:
        """The highest role of these groups; those in none have the default one."""
        given = {self.group_roles[group] for group in groups if group in self.group_roles}
        return next((role for role in RANKED if role in given), self.default_role)
