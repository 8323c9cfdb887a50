from decimal import Decimal

from sqlalchemy import ARRAY, ForeignKey, Index, Numeric, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from tollgate_auth.database import Base, CreatedAt, Id


class LimitRow(Base):
    """DESIGN.md section 3. `max` is dollars for `cost_usd`, else a whole number."""

    __tablename__ = "limits"
    __table_args__ = (Index("ix_limits_subject", "subject_id", "subject_kind"),)

    id: Mapped[Id]
    org_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), index=True)
    subject_kind: Mapped[str] = mapped_column(String(10))
    subject_id: Mapped[str] = mapped_column(String(40))
    models: Mapped[list[str]] = mapped_column(ARRAY(Text))
    metric: Mapped[str] = mapped_column(String(20))
    window: Mapped[str] = mapped_column(String(10))
    max: Mapped[Decimal] = mapped_column(Numeric(26, 9))
    mode: Mapped[str] = mapped_column(String(10))
    timezone: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[CreatedAt]
