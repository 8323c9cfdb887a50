from decimal import Decimal
from typing import Any

from sqlalchemy import ARRAY, Boolean, ForeignKey, Index, Numeric, String, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tollgate_auth.database import Base, CreatedAt, Id

EQUAL = "uq_limits_equal"


class LimitRow(Base):
    """`max` is dollars for `cost_usd`, else a whole number.

    A subject has one limit of each metric, window, mode, time zone and set of models, in whatever
    order and case these are written (`models_digest`). `is_duplicate` lets those be that were made
    before this was so; a new row never has it. `transition` is the window that was running when the
    time zone was changed last, as `tickets.windows.Window` has it.
    """

    __tablename__ = "limits"
    __table_args__ = (
        Index("ix_limits_subject", "subject_id", "subject_kind"),
        Index(
            EQUAL,
            "subject_kind",
            "subject_id",
            "metric",
            "window",
            "mode",
            "timezone",
            text("models_digest(models)"),
            unique=True,
            postgresql_where=text("NOT is_duplicate"),
        ),
    )

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
    is_duplicate: Mapped[bool] = mapped_column(Boolean, server_default=text("false"), default=False)
    transition: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
