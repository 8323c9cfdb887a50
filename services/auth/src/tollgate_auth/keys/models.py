from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, DateTime, ForeignKey, Index, String, Text, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapped, mapped_column

from tollgate_auth.database import Base, CreatedAt, Id
from tollgate_common.unsupported import Unsupported


class KeySecret(Base):
    """The hash of a key's text. A key has one, and a second while it is being rotated: the older
    one works until `expires_at`."""

    __tablename__ = "key_secrets"

    key_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    key_id: Mapped[str] = mapped_column(ForeignKey("keys.id"), index=True)
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Key(Base):
    """An API key. Its text is not here: `prefix` and `last4` are what is shown of it.

    `version` grows with every change to what it may do, so that an old answer cannot undo a newer
    one. `user_id` is whose key it is. `lineage` are the ids of the keys, users and service accounts
    whose limits it is held to because a key or a service account made it, and never changes;
    `lineage_since` is set where it was found later, and is when it began to bind.
    """

    __tablename__ = "keys"
    __table_args__ = (Index("ix_keys_lineage", "lineage", postgresql_using="gin"),)

    id: Mapped[Id]
    org_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), index=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"), index=True)
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    mode: Mapped[str] = mapped_column(String(4))
    prefix: Mapped[str] = mapped_column(String(12))
    last4: Mapped[str] = mapped_column(String(4))
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    models: Mapped[list[str]] = mapped_column(ARRAY(Text))
    networks: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    unsupported: Mapped[Unsupported | None] = mapped_column(String(8))
    lineage: Mapped[list[str]] = mapped_column(postgresql.ARRAY(Text), server_default=text("'{}'"))
    lineage_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    version: Mapped[int] = mapped_column(BigInteger, default=1)
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
