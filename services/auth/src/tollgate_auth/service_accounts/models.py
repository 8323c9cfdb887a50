from sqlalchemy import ARRAY, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from tollgate_auth.database import Base, Id


class ServiceAccount(Base):
    """What a machine has beside its row in `users`, whose id it shares: limits, keys, costs and
    deactivation work as they do for people. Its scopes stand in for a role.

    Its secret is random and long, so that SHA-256 is enough to keep of it.
    """

    __tablename__ = "service_accounts"

    id: Mapped[Id] = mapped_column(ForeignKey("users.id"))
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"), index=True)
    mode: Mapped[str] = mapped_column(String(4))
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    models: Mapped[list[str]] = mapped_column(ARRAY(Text))
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary)
