from datetime import datetime

from sqlalchemy import ARRAY, DateTime, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapped, mapped_column

from tollgate_auth.database import Base, Id


class ServiceAccount(Base):
    """What a machine has beside its row in `users`, whose id it shares: limits, keys, costs and
    deactivation work as they do for people. Its scopes stand in for a role.

    `owner_id` is the person who answers for it and whose successor gets it; what it may do does not
    go by them. `lineage` is as a key's (`keys.models.Key`).

    Its secret is random and long, so that SHA-256 is enough to keep of it.
    """

    __tablename__ = "service_accounts"
    __table_args__ = (Index("ix_service_accounts_lineage", "lineage", postgresql_using="gin"),)

    id: Mapped[Id] = mapped_column(ForeignKey("users.id"))
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"), index=True)
    owner_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"), index=True)
    mode: Mapped[str] = mapped_column(String(4))
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    models: Mapped[list[str]] = mapped_column(ARRAY(Text))
    lineage: Mapped[list[str]] = mapped_column(postgresql.ARRAY(Text), server_default=text("'{}'"))
    lineage_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary)
