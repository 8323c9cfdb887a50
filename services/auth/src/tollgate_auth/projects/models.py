from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, DateTime, ForeignKey, Index, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tollgate_auth.database import Base, CreatedAt, Id


class Project(Base):
    """A deleted project stays as a row: the ledger goes on naming it. `key_rules` are as
    `schemas.KeyRules` has them."""

    __tablename__ = "projects"
    __table_args__ = (
        Index("uq_projects_name", "org_id", "name", unique=True,
              postgresql_where=text("deleted_at IS NULL")),
        Index("uq_projects_default", "org_id", unique=True, postgresql_where=text("is_default")),
    )  # fmt: skip

    id: Mapped[Id]
    org_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    name: Mapped[str] = mapped_column(String(100))
    is_default: Mapped[bool] = mapped_column(Boolean, default=False)
    key_rules: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    created_at: Mapped[CreatedAt]
    deleted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
