from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, ForeignKey, LargeBinary, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tollgate_auth.database import Base, Moment


class AuditEntry(Base):
    """One change, or events that are alike. `hash` covers the entry and the hash of the one before
    it in the organisation; the database itself refuses to update or delete a row. `source` is the
    event that brought it from another service, of which one entry is made however often it comes.
    `reason` says why something was refused. An entry with a `count` stands for as many events, from
    `at` to `last_at`; it `continues` the entry of this number where that was the first of them."""

    __tablename__ = "audit_log"

    org_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[Moment]
    actor_kind: Mapped[str] = mapped_column(String(10))
    actor_id: Mapped[str] = mapped_column(String(100))
    action: Mapped[str] = mapped_column(String(60))
    target_kind: Mapped[str] = mapped_column(String(20))
    target_id: Mapped[str] = mapped_column(String(300))
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    address: Mapped[str | None] = mapped_column(String(45))
    request_id: Mapped[str | None] = mapped_column(String(128))
    client_request_id: Mapped[str | None] = mapped_column(String(128))
    reason: Mapped[str | None] = mapped_column(String(40))
    count: Mapped[int | None] = mapped_column(BigInteger)
    last_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    continues: Mapped[int | None] = mapped_column(BigInteger)
    source: Mapped[str | None] = mapped_column(String(40), unique=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
