from collections.abc import Collection

from sqlalchemy import select

from tollgate_auth import paging
from tollgate_auth.extensions import db
from tollgate_auth.projects.models import Project
from tollgate_auth.projects.schemas import ProjectQuery
from tollgate_common.visibility import Visibility


def add(project: Project) -> None:
    db.session.add(project)
    db.session.flush()


def find(visibility: Visibility, project_id: str) -> Project | None:
    """The visible project of this id that is not deleted."""
    statement = select(Project).where(Project.id == project_id, *_visible(visibility))
    return db.session.scalars(statement).one_or_none()


def get(project_id: str) -> Project | None:
    """The project of a row that names it, of whatever organisation."""
    return db.session.get(Project, project_id)


def default(org: str) -> Project:
    statement = select(Project).where(Project.org_id == org, Project.is_default)
    return db.session.scalars(statement).one()


def page(visibility: Visibility, asked: ProjectQuery) -> tuple[list[Project], str | None]:
    statement = paging.filtered(
        select(Project).where(*_visible(visibility)),
        ((Project.name, asked.name), (Project.is_default, asked.is_default)),
    )
    return paging.fetch_page(statement, Project.id)


def _visible(visibility: Visibility) -> list[paging.Condition]:
    visible = visibility.conditions(org=Project.org_id, project=Project.id)
    return [*visible, Project.deleted_at.is_(None)]


def names(ids: Collection[str]) -> dict[str, str]:
    """The names of these projects by id, of deleted ones too."""
    rows = db.session.execute(select(Project.id, Project.name).where(Project.id.in_(ids)))
    return {row.id: row.name for row in rows}
