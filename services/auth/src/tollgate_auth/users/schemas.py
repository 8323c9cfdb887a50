from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field
from pydantic_core import PydanticCustomError

from tollgate_auth.fields import Email, Moment, Name, PatchModel, RequestModel, RequestQuery
from tollgate_auth.passwords.schemas import NewPassword
from tollgate_auth.roles.permissions import ROLES
from tollgate_auth.users.models import User


def _role(name: str) -> str:
    if name not in ROLES:
        raise PydanticCustomError("role", "one of {roles}", {"roles": ", ".join(ROLES)})
    return name


Role = Annotated[
    str,
    Field(max_length=20, json_schema_extra={"enum": list(ROLES)}),
    AfterValidator(_role),
]


class UserQuery(RequestQuery):
    email: Email | None = Field(None, description="Only the user with this address.")
    name: Name | None = Field(None, description="Only users of this name.")
    role: Role | None = Field(None, description="Only users of this role.")
    active: bool | None = Field(None, description="Only who may act, or only who may not.")


class UserCreate(RequestModel):
    """Without a password the user exists, and cannot log in with one."""

    email: Email
    name: Name | None = None
    role: Role = "member"
    password: NewPassword | None = None


class UserPatch(PatchModel):
    name: Name = ""
    role: Role = "member"
    active: bool = True


class UserOut(BaseModel):
    id: str
    email: str
    name: str
    role: str
    active: bool
    created_at: Moment

    @classmethod
    def of(cls, row: User) -> "UserOut":
        return cls(
            id=row.id, email=row.email or "", name=row.name, role=row.role or "",
            active=row.deactivated_at is None, created_at=row.created_at,
        )  # fmt: skip


class UserList(BaseModel):
    data: list[UserOut]
    next_cursor: str | None
