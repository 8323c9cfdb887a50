from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from tollgate_auth.database import Base, CreatedAt, Moment


class AuditSeries(Base):
    """An open series. `fingerprint` is that of its event, `number` that of the entry that has
    opened it; `further` have occurred since, from `first_at` to `last_at`."""

    __tablename__ = "audit_series"

    org_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    action: Mapped[str] = mapped_column(String(60))
    actor_kind: Mapped[str] = mapped_column(String(10))
    actor_id: Mapped[str] = mapped_column(String(100))
    target_kind: Mapped[str] = mapped_column(String(20))
    target_id: Mapped[str] = mapped_column(String(300))
    reason: Mapped[str | None] = mapped_column(String(40))
    number: Mapped[int] = mapped_column(BigInteger)
    ends_at: Mapped[Moment] = mapped_column(index=True)
    further: Mapped[int] = mapped_column(BigInteger, default=0)
    first_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class CountedBatch(Base):
    """A batch of occurrences that has been counted, by its id: sent again, it is not counted
    again."""

    __tablename__ = "audit_batches"

    id: Mapped[str] = mapped_column(String(100), primary_key=True)
    at: Mapped[CreatedAt]
