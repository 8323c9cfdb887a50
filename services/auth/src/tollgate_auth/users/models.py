from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from tollgate_auth.database import Base, CreatedAt, Id


class User(Base):
    """`email` is in lower case. No password hash: they cannot log in with a password.
    `version` grows with every change to what the user may do."""

    __tablename__ = "users"

    id: Mapped[Id]
    org_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), index=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    role: Mapped[str] = mapped_column(String(20))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    version: Mapped[int] = mapped_column(BigInteger, default=1)
    created_at: Mapped[CreatedAt]
    deactivated_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
