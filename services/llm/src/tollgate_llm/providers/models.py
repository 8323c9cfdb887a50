"""The table of providers that organisations have set up."""

from typing import Any

from sqlalchemy import LargeBinary, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tollgate_llm.database import Base, Moment


class ProviderRow(Base):
    """`sealed` is the credential as the vault gave it, None where there is none; `cloud` what a
    cloud wants to know besides the address; `capabilities` what is stated of them."""

    __tablename__ = "providers"

    org: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    base_url: Mapped[str] = mapped_column(String(512))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    cloud: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    capabilities: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]
