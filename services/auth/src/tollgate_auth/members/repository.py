from collections.abc import Sequence

from sqlalchemy import delete, func, select

from tollgate_auth import paging
from tollgate_auth.extensions import db
from tollgate_auth.members.models import ProjectMember
from tollgate_auth.members.schemas import MemberQuery
from tollgate_common.restx import page_cursor, page_size


def add(member: ProjectMember) -> None:
    db.session.add(member)
    db.session.flush()


def find(project_id: str, user_id: str) -> ProjectMember | None:
    return db.session.get(ProjectMember, (project_id, user_id))


def roles_of(user_id: str) -> dict[str, str]:
    """Return the roles of the user's memberships, by project."""
    statement = select(ProjectMember.project_id, ProjectMember.role)
    rows = db.session.execute(statement.where(ProjectMember.user_id == user_id))
    return {row.project_id: row.role for row in rows}


def remove(member: ProjectMember) -> None:
    db.session.delete(member)
    db.session.flush()


def remove_of(project_id: str) -> Sequence[str]:
    """Remove the memberships in the project, and return whose they were."""
    statement = delete(ProjectMember).where(ProjectMember.project_id == project_id)
    return db.session.scalars(statement.returning(ProjectMember.user_id)).all()


def count_of(user_id: str) -> int:
    statement = select(func.count()).where(ProjectMember.user_id == user_id)
    return db.session.scalars(statement).one()


def page(project_id: str, asked: MemberQuery) -> tuple[list[ProjectMember], str | None]:
    """The project's members; those who joined the organisation last come first."""
    statement = paging.filtered(
        select(ProjectMember).where(ProjectMember.project_id == project_id),
        ((ProjectMember.user_id, asked.user_id), (ProjectMember.role, asked.role)),
    )
    column = ProjectMember.user_id
    rows, is_more = paging.fetch(statement, column, page_size(), page_cursor())
    return rows, rows[-1].user_id if is_more else None
