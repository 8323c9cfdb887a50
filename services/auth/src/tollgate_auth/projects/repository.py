from sqlalchemy import select

from tollgate_auth import paging
from tollgate_auth.extensions import db
from tollgate_auth.projects.models import Project


def add(project: Project) -> None:
    db.session.add(project)
    db.session.flush()


def find(org: str, project_id: str) -> Project | None:
    """A project of the organisation that is not deleted."""
    statement = select(Project).where(
        Project.id == project_id, Project.org_id == org, Project.deleted_at.is_(None)
    )
    return db.session.scalars(statement).one_or_none()


def default(org: str) -> Project:
    statement = select(Project).where(Project.org_id == org, Project.is_default)
    return db.session.scalars(statement).one()


def page(org: str) -> tuple[list[Project], str | None]:
    statement = select(Project).where(Project.org_id == org, Project.deleted_at.is_(None))
    return paging.fetch_page(statement, Project.id)
