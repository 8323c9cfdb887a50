from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field
from pydantic_core import PydanticCustomError

from tollgate_auth.fields import Moment, ObjectId, PatchModel, RequestModel, RequestQuery
from tollgate_auth.members.models import ProjectMember
from tollgate_auth.roles.permissions import PROJECT_DESCRIPTIONS, PROJECT_ROLES
from tollgate_auth.users.models import User

_ACCOUNT = "sva_"


def _role(name: str) -> str:
    if name not in PROJECT_ROLES:
        raise PydanticCustomError("role", "one of {roles}", {"roles": ", ".join(PROJECT_ROLES)})
    return name


def _person(user_id: str) -> str:
    if user_id.startswith(_ACCOUNT):
        raise PydanticCustomError(
            "person", "a service account is of its project, and no member of any"
        )
    return user_id


ProjectRole = Annotated[
    str,
    Field(
        max_length=20,
        json_schema_extra={
            "enum": list(PROJECT_ROLES),
            "description": " ".join(
                f"`{name}`: {text}" for name, text in PROJECT_DESCRIPTIONS.items()
            ),
        },
    ),
    AfterValidator(_role),
]
PersonId = Annotated[ObjectId, AfterValidator(_person)]


class MemberQuery(RequestQuery):
    user_id: ObjectId | None = Field(None, description="Only the membership of this user.")
    role: ProjectRole | None = Field(None, description="Only members of this role.")


class MemberCreate(RequestModel):
    """A person of the organisation, and their role in the project."""

    user_id: PersonId
    role: ProjectRole


class MemberPatch(PatchModel):
    role: ProjectRole


class MemberOut(BaseModel):
    """`name` and `active` are the user's."""

    user_id: str
    name: str
    active: bool
    role: str
    created_at: Moment

    @classmethod
    def of(cls, row: ProjectMember, user: User) -> "MemberOut":
        return cls(
            user_id=row.user_id,
            name=user.name,
            active=user.deactivated_at is None,
            role=row.role,
            created_at=row.created_at,
        )


class MemberList(BaseModel):
    data: list[MemberOut]
    next_cursor: str | None
