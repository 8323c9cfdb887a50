"""The table of models that organisations have set up."""

from typing import Any

from sqlalchemy import String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tollgate_common.unsupported import Unsupported
from tollgate_llm.database import Base, Moment


class ModelRow(Base):
    """`routes`, `price` and `cache` as the management API has them."""

    __tablename__ = "models"

    org: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(256), primary_key=True)
    routes: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    strategy: Mapped[str] = mapped_column(String(16))
    price: Mapped[dict[str, str] | None] = mapped_column(JSONB(none_as_null=True))
    cache: Mapped[dict[str, int] | None] = mapped_column(JSONB(none_as_null=True))
    max_input_tokens: Mapped[int | None]
    max_output_tokens: Mapped[int | None]
    unsupported: Mapped[Unsupported | None] = mapped_column(String(8))
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]
