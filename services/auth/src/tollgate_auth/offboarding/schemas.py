from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from tollgate_auth.fields import ObjectId, RequestModel
from tollgate_auth.invitations.models import Invitation
from tollgate_auth.keys.models import Key
from tollgate_auth.service_accounts.models import ServiceAccount
from tollgate_auth.users.models import User
from tollgate_auth.users.schemas import UserOut

MAX_SHOWN = 100
"""How many of each kind an answer names."""

OnlyTrue = Annotated[bool, Field(strict=True, json_schema_extra={"enum": [True]})]


class OffboardingIn(RequestModel):
    """Exactly one of these. `transfer_to`: the user who gets the keys and service accounts.
    `revoke`: the keys are revoked, and the service accounts end."""

    transfer_to: ObjectId | None = None
    revoke: OnlyTrue | None = Field(None, validate_default=True)

    @field_validator("revoke")
    @classmethod
    def _is_one_of_two(cls, revoke: bool | None, info: ValidationInfo) -> bool | None:
        has_successor = info.data.get("transfer_to") is not None
        if has_successor == bool(revoke) or revoke is False:
            raise PydanticCustomError("one_of", "send either `transfer_to`, or `revoke` as true")
        return revoke


class KeyName(BaseModel):
    id: str
    name: str
    project_id: str
    mode: str

    @classmethod
    def of(cls, row: Key) -> "KeyName":
        return cls(id=row.id, name=row.name, project_id=row.project_id, mode=row.mode)


class AccountName(BaseModel):
    """`owner_id` is another's, or null, where the user has made the account and does not own it."""

    id: str
    name: str
    project_id: str
    mode: str
    owner_id: str | None

    @classmethod
    def of(cls, user: User, row: ServiceAccount) -> "AccountName":
        return cls(
            id=row.id,
            name=user.name,
            project_id=row.project_id,
            mode=row.mode,
            owner_id=row.owner_id,
        )


class InvitationName(BaseModel):
    id: str
    email: str
    role: str

    @classmethod
    def of(cls, row: Invitation) -> "InvitationName":
        return cls(id=row.id, email=row.email, role=row.role)


class KeyNames(BaseModel):
    """`count` is of all, `data` the newest 100."""

    count: int
    data: list[KeyName]

    @classmethod
    def of(cls, rows: Sequence[Key]) -> "KeyNames":
        return cls(count=len(rows), data=[KeyName.of(row) for row in rows[:MAX_SHOWN]])


class AccountNames(BaseModel):
    """`count` is of all, `data` the newest 100."""

    count: int
    data: list[AccountName]

    @classmethod
    def of(cls, rows: Sequence[tuple[User, ServiceAccount]]) -> "AccountNames":
        return cls(count=len(rows), data=[AccountName.of(*row) for row in rows[:MAX_SHOWN]])


class InvitationNames(BaseModel):
    """`count` is of all, `data` the newest 100."""

    count: int
    data: list[InvitationName]

    @classmethod
    def of(cls, rows: Sequence[Invitation]) -> "InvitationNames":
        return cls(count=len(rows), data=[InvitationName.of(row) for row in rows[:MAX_SHOWN]])


class Belongings(BaseModel):
    """`keys`: those that are not revoked. `service_accounts`: active ones that the user owns or has
    made. `invitations`: open ones that the user has made, themselves or by their keys. `sessions`:
    how many logins go on. `identities`: the names of the identity providers that know the user."""

    keys: KeyNames
    service_accounts: AccountNames
    invitations: InvitationNames
    sessions: int
    identities: list[str]


class OffboardingOut(BaseModel):
    """The user, and what was given to somebody else, or revoked and ended. `invitations` and
    `sessions`: how many have ended."""

    user: UserOut
    transferred_to: str | None
    keys: KeyNames
    service_accounts: AccountNames
    invitations: int
    sessions: int
