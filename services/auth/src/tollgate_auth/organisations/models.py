from sqlalchemy import BigInteger, Boolean, LargeBinary, String, true
from sqlalchemy.orm import Mapped, mapped_column

from tollgate_auth.database import Base, CreatedAt, Id
from tollgate_common.unsupported import Unsupported


class Organisation(Base):
    """`audit_length` and `audit_hash` are the head of its audit log: an entry missing from the
    end of the log shows. `unsupported` holds where neither a key nor a model states it. With
    `open_projects` members and viewers have a part in every project, else by membership only."""

    __tablename__ = "organisations"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(100))
    unsupported: Mapped[Unsupported | None] = mapped_column(String(8))
    open_projects: Mapped[bool] = mapped_column(Boolean, server_default=true(), default=True)
    created_at: Mapped[CreatedAt]
    audit_length: Mapped[int] = mapped_column(BigInteger, default=0)
    audit_hash: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
