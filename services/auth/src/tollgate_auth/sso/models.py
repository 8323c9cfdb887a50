from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tollgate_auth.database import Base, CreatedAt, Id


class SsoProvider(Base):
    """An identity provider. Its `name` is in URLs, and so one in the installation.
    `client_secret` is sealed with ENCRYPTION_KEY. `group_roles`: the role of each group."""

    __tablename__ = "sso_providers"

    id: Mapped[Id]
    org_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), index=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    issuer: Mapped[str] = mapped_column(String(500))
    client_id: Mapped[str] = mapped_column(String(255))
    client_secret: Mapped[bytes] = mapped_column(LargeBinary)
    default_role: Mapped[str] = mapped_column(String(20))
    groups_claim: Mapped[str] = mapped_column(String(100))
    group_roles: Mapped[dict[str, str]] = mapped_column(JSONB)
    created_at: Mapped[CreatedAt]


class SsoDomain(Base):
    """A domain whose addresses a provider vouches for; no other provider does."""

    __tablename__ = "sso_domains"

    domain: Mapped[str] = mapped_column(String(253), primary_key=True)
    provider_id: Mapped[str] = mapped_column(ForeignKey("sso_providers.id"), index=True)


class SsoApprovedDomain(Base):
    """A domain that this organisation may claim, and no other."""

    __tablename__ = "sso_approved_domains"

    domain: Mapped[str] = mapped_column(String(253), primary_key=True)
    org_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), index=True)
    created_at: Mapped[CreatedAt]


class UserIdentity(Base):
    """Who a user is at a provider: its `sub`, which stays when the address changes."""

    __tablename__ = "user_identities"

    provider_id: Mapped[str] = mapped_column(ForeignKey("sso_providers.id"), primary_key=True)
    subject: Mapped[str] = mapped_column(String(255), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[CreatedAt]
