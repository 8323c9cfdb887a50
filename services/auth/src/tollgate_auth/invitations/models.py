from datetime import datetime

from sqlalchemy import DateTime, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from tollgate_auth.database import Base, CreatedAt, Id, Moment


class Invitation(Base):
    """One link for one address. Its text is not here: it is signed, and names this row."""

    __tablename__ = "invitations"

    id: Mapped[Id]
    org_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), index=True)
    email: Mapped[str] = mapped_column(String(254))
    role: Mapped[str] = mapped_column(String(20))
    invited_by: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[Moment]
    accepted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
