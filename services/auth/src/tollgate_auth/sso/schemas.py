from typing import Annotated, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    SecretStr,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)
from pydantic_core import PydanticCustomError

from tollgate_auth.fields import Email, Moment, RequestModel, RequestQuery
from tollgate_auth.sso.models import SsoProvider
from tollgate_auth.sso.urls import url_fault

GivenRole = Literal["admin", "billing", "member", "viewer"]
# Of several groups' roles the first of these is given. Nobody becomes an owner by a group.
RANKED: tuple[str, ...] = get_args(GivenRole)

_EMAIL: TypeAdapter[str] = TypeAdapter(Email)


def _issuer(url: str) -> str:
    fault = url_fault(url, http_on_loopback=True)
    if fault or "?" in url:
        text = fault or "has no query"
        raise PydanticCustomError("issuer", "an issuer {text}", {"text": text})
    return url


def _domain(text: str) -> str:
    """As it is in a validated address, so that the two can be compared."""
    try:
        return _EMAIL.validate_python(f"someone@{text}").rpartition("@")[2]
    except ValidationError:
        raise PydanticCustomError("domain", "not a domain such as example.com") from None


def _printable(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if not text.isascii() or not text.isprintable() or text != text.strip():
        raise PydanticCustomError("secret", "printable ASCII without surrounding spaces")
    return secret


Plain = StringConstraints(pattern=r"^[^\x00-\x1f\x7f]*$")
SsoName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}$")]
Issuer = Annotated[
    str, Field(max_length=500, json_schema_extra={"format": "uri"}), AfterValidator(_issuer)
]
Domain = Annotated[
    str, Field(max_length=253, json_schema_extra={"format": "hostname"}), AfterValidator(_domain)
]
Secret = Annotated[
    SecretStr,
    Field(min_length=1, max_length=2000, json_schema_extra={"pattern": "^[!-~]([ -~]*[!-~])?$"}),
    AfterValidator(_printable),
]
ClientId = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[!-~]*$")]
Claim = Annotated[str, Field(min_length=1, max_length=100), Plain]
Group = Annotated[str, Field(min_length=1, max_length=256), Plain]


class SsoIn(RequestModel):
    """`client_secret` is written, never read; left out, the one that is stored stays, unless the
    issuer is another. `group_roles`: the role of each group, the highest if somebody is in many;
    `default_role` is for those in none of them. Empty: roles are given here, not by groups."""

    issuer: Issuer
    client_id: ClientId
    client_secret: Secret | None = None
    domains: Annotated[list[Domain], Field(min_length=1, max_length=100)]
    default_role: GivenRole = "member"
    groups_claim: Claim = "groups"
    group_roles: Annotated[dict[Group, GivenRole], Field(max_length=200)] = Field(
        default_factory=dict
    )


class SsoQuery(RequestQuery):
    name: SsoName | None = Field(None, description="Only the one of this name.")
    issuer: Issuer | None = Field(None, description="Only those of this issuer.")
    client_id: ClientId | None = Field(None, description="Only those with this client id.")
    domain: Domain | None = Field(None, description="Only the one that has this domain.")
    default_role: GivenRole | None = Field(None, description="Only those that give this role.")


class SsoOut(BaseModel):
    """`redirect_uri` is what the provider must be told; `login_url` is where a browser begins."""

    id: str
    name: str
    issuer: str
    client_id: str
    domains: list[str]
    default_role: str
    groups_claim: str
    group_roles: dict[str, str]
    redirect_uri: str
    login_url: str
    created_at: Moment

    @classmethod
    def of(cls, row: SsoProvider, domains: list[str], public_url: str) -> "SsoOut":
        return cls(
            id=row.id, name=row.name, issuer=row.issuer, client_id=row.client_id,
            domains=domains, default_role=row.default_role, groups_claim=row.groups_claim,
            group_roles=row.group_roles, redirect_uri=redirect_uri(public_url, row.name),
            login_url=f"{public_url}/api/v1/auth/sso/{row.name}/login", created_at=row.created_at,
        )  # fmt: skip


class SsoList(BaseModel):
    data: list[SsoOut]
    next_cursor: str | None


def redirect_uri(public_url: str, name: str) -> str:
    """Where a provider sends browsers back to. Never built from what a request says."""
    return f"{public_url}/api/v1/auth/sso/{name}/callback"
