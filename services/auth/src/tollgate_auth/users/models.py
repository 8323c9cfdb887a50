from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from tollgate_auth.database import Base, CreatedAt, Id


class User(Base):
    """Somebody who acts in the organisation: a person, or a machine (`service_accounts`), which has
    neither address nor role nor password.

    `email` is in lower case. No password hash: they cannot log in with a password. `version` grows
    with every change to what the user may do, and with every session of theirs that ends. Links
    that they made, or were sent, before `links_ended_at` do not work.
    """

    __tablename__ = "users"

    id: Mapped[Id]
    org_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), index=True)
    email: Mapped[str | None] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    role: Mapped[str | None] = mapped_column(String(20))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    version: Mapped[int] = mapped_column(BigInteger, default=1)
    created_at: Mapped[CreatedAt]
    links_ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    deactivated_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
