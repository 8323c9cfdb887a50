from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from tollgate_auth.fields import Email, Moment, Name, ObjectId, RequestModel, RequestQuery
from tollgate_auth.invitations.models import Invitation
from tollgate_auth.passwords.schemas import NewPassword
from tollgate_auth.tokens.links import LinkToken
from tollgate_auth.users.schemas import Role

Status = Literal["pending", "accepted", "revoked", "expired"]


class InvitationQuery(RequestQuery):
    email: Email | None = Field(None, description="Only those for this address.")
    role: Role | None = Field(None, description="Only those to this role.")
    status: Status | None = Field(None, description="Only those of this status.")
    invited_by: ObjectId | None = Field(None, description="Only those that this user or key made.")


class InvitationCreate(RequestModel):
    email: Email
    role: Role = "member"
    days: int = Field(7, ge=1, le=30)


class InvitationAccept(RequestModel):
    """`token` is the part of the link after the `#`."""

    token: LinkToken
    password: NewPassword
    name: Name | None = None


class InvitationOut(BaseModel):
    id: str
    email: str
    role: str
    status: Status
    invited_by: str
    created_at: Moment
    expires_at: Moment

    @classmethod
    def of(cls, row: Invitation, now: datetime) -> "InvitationOut":
        return cls(
            id=row.id, email=row.email, role=row.role, status=_status(row, now),
            invited_by=row.invited_by, created_at=row.created_at, expires_at=row.expires_at,
        )  # fmt: skip


class InvitationWithLink(InvitationOut):
    """`link` is for the one invited, and shown this once. It works once."""

    link: str


class InvitationList(BaseModel):
    data: list[InvitationOut]
    next_cursor: str | None


def _status(row: Invitation, now: datetime) -> Status:
    if row.accepted_at:
        return "accepted"
    if row.revoked_at:
        return "revoked"
    return "expired" if row.expires_at <= now else "pending"
