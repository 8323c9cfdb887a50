from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from tollgate_auth.database import Base, CreatedAt


class ProjectMember(Base):
    """The role of a person in a project (`roles.permissions.PROJECT_ROLES`), which counts there in
    the place of a member's or viewer's role in the organisation."""

    __tablename__ = "project_members"

    org_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), primary_key=True, index=True)
    role: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[CreatedAt]
