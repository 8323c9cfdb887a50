from pydantic import BaseModel, Field

from tollgate_auth.fields import Moment, Name, RequestModel, RequestQuery
from tollgate_auth.projects.models import Project


class ProjectQuery(RequestQuery):
    name: Name | None = Field(None, description="Only the project of this name.")
    is_default: bool | None = Field(None, description="Only the default project, or the others.")


class ProjectIn(RequestModel):
    name: Name


class ProjectOut(BaseModel):
    id: str
    name: str
    is_default: bool
    created_at: Moment

    @classmethod
    def of(cls, row: Project) -> "ProjectOut":
        return cls(id=row.id, name=row.name, is_default=row.is_default, created_at=row.created_at)


class ProjectList(BaseModel):
    data: list[ProjectOut]
    next_cursor: str | None
