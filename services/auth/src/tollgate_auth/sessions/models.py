from datetime import datetime

from sqlalchemy import ARRAY, DateTime, ForeignKey, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from tollgate_auth.database import Base, CreatedAt, Id, Moment


class Session(Base):
    """A family of refresh tokens: one login and what was rotated from it.

    Only the hash of the newest token is kept. A token that names the session and is signed by us,
    but is not that one, has been spent. Without a refresh the session ends at `expires_at`, and at
    `ends_at` whatever is refreshed. A service account's session has no refresh token, and
    `scopes` when it was asked for less than the account has.
    """

    __tablename__ = "sessions"

    id: Mapped[Id]
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    refresh_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    scopes: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    created_at: Mapped[CreatedAt]
    used_at: Mapped[CreatedAt]
    expires_at: Mapped[Moment]
    ends_at: Mapped[Moment] = mapped_column(server_default=text("now() + interval '90 days'"))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    address: Mapped[str | None] = mapped_column(String(45))
    user_agent: Mapped[str | None] = mapped_column(String(200))
