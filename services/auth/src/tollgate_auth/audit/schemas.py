from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints

from tollgate_auth.audit.models import AuditEntry
from tollgate_auth.fields import Address, Moment, RequestQuery, When

Text = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,100}$")]
Kind = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,20}$")]
RequestId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,128}$")]


class AuditQuery(RequestQuery):
    """`actor` and `target` are ids; `since` is the first moment, `until` the first one after."""

    actor: Text | None = Field(None, description="Only what this user, key or service account did.")
    action: Text | None = Field(None, description="Only this action, such as `key.created`.")
    target: Text | None = Field(None, description="Only what was done to this.")
    actor_kind: Kind | None = Field(None, description="Only what such did: `user`, `key`, …")
    target_kind: Kind | None = Field(None, description="Only what was done to such: `limit`, …")
    address: Address | None = Field(None, description="Only what came from this address.")
    request_id: RequestId | None = Field(None, description="Only what this request did.")
    since: When | None = Field(None, description="From this moment on (RFC 3339).")
    until: When | None = Field(None, description="Up to this moment (RFC 3339).")


class AuditActor(BaseModel):
    kind: str
    id: str


class AuditEntryOut(BaseModel):
    number: int
    at: Moment
    actor: AuditActor
    action: str
    target: AuditActor
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    address: str | None
    request_id: str | None

    @classmethod
    def of(cls, entry: AuditEntry) -> "AuditEntryOut":
        return cls(
            number=entry.number, at=entry.at,
            actor=AuditActor(kind=entry.actor_kind, id=entry.actor_id), action=entry.action,
            target=AuditActor(kind=entry.target_kind, id=entry.target_id),
            before=entry.before, after=entry.after,
            address=entry.address, request_id=entry.request_id,
        )  # fmt: skip


class AuditEntryList(BaseModel):
    data: list[AuditEntryOut]
    next_cursor: str | None
