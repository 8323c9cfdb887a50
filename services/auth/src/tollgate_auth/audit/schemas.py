from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from tollgate_auth.audit.models import AuditEntry
from tollgate_auth.fields import Address, Moment, RequestQuery, When

Text = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,100}$")]
Actions = Annotated[
    str,
    StringConstraints(
        pattern=r"^[a-z_]{1,30}\.([a-z_]{1,30}|\*)(,[a-z_]{1,30}\.([a-z_]{1,30}|\*)){0,19}$"
    ),
]
Kind = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,20}$")]
Reason = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]
RequestId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,128}$")]
ClientRequestId = Annotated[str, StringConstraints(pattern=r"^[ -~]{1,128}$")]
Outcome = Literal["success", "failure"]


class AuditQuery(RequestQuery):
    """`actor` and `target` are ids; `since` is the first moment, `until` the first one after."""

    actor: Text | None = Field(None, description="Only what this user, key or service account did.")
    action: Actions | None = Field(
        None,
        description="Only these actions, separated by commas: `key.created`, or all of a noun,"
        " `session.*`.",
    )
    target: Text | None = Field(None, description="Only what was done to this.")
    actor_kind: Kind | None = Field(None, description="Only what such did: `user`, `key`, …")
    target_kind: Kind | None = Field(None, description="Only what was done to such: `limit`, …")
    outcome: Outcome | None = Field(
        None, description="Only what was refused (`failure`), or what was not (`success`)."
    )
    reason: Reason | None = Field(
        None, description="Only what was refused for this reason, such as `wrong_password`."
    )
    address: Address | None = Field(None, description="Only what came from this address.")
    request_id: RequestId | None = Field(
        None, description="Only what this request did, by our id of it."
    )
    client_request_id: ClientRequestId | None = Field(
        None, description="Only what this request did, by the id that the caller has sent."
    )
    since: When | None = Field(None, description="From this moment on (RFC 3339).")
    until: When | None = Field(None, description="Up to this moment (RFC 3339).")


class AuditActor(BaseModel):
    kind: str
    id: str


class AuditEntryOut(BaseModel):
    """`count` events that are alike occurred from `at` to `last_at`. An entry that `continues`
    another, by its number, counts what came after that one; the address, the ids and `after` of the
    other are those of the first event."""

    number: int
    at: Moment
    last_at: Moment
    count: int
    continues: int | None
    actor: AuditActor
    action: str
    target: AuditActor
    outcome: Outcome
    reason: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    address: str | None
    request_id: str | None
    client_request_id: str | None

    @classmethod
    def of(cls, entry: AuditEntry) -> "AuditEntryOut":
        return cls(
            number=entry.number,
            at=entry.at,
            last_at=entry.last_at or entry.at,
            count=entry.count or 1,
            continues=entry.continues,
            actor=AuditActor(kind=entry.actor_kind, id=entry.actor_id),
            action=entry.action,
            target=AuditActor(kind=entry.target_kind, id=entry.target_id),
            outcome="failure" if entry.reason else "success",
            reason=entry.reason,
            before=entry.before,
            after=entry.after,
            address=entry.address,
            request_id=entry.request_id,
            client_request_id=entry.client_request_id,
        )


class AuditEntryList(BaseModel):
    data: list[AuditEntryOut]
    next_cursor: str | None
