from typing import Annotated, Literal

from pydantic import BaseModel, Field

from tollgate_auth.fields import Address, Moment, RequestModel, RequestQuery
from tollgate_auth.sessions.models import Session

Token = Annotated[str, Field(max_length=4096)]


class SessionQuery(RequestQuery):
    current: bool | None = Field(None, description="Only the one that asks, or only the others.")
    address: Address | None = Field(None, description="Only those started from this address.")


class Login(RequestModel):
    email: Annotated[str, Field(max_length=254, pattern=r"^[^\x00]*$")]
    password: Annotated[str, Field(max_length=1024)]


class Refresh(RequestModel):
    refresh_token: Token


class Logout(RequestModel):
    """The session of the refresh token ends; without one, the session that calls; or all."""

    refresh_token: Token | None = None
    everywhere: bool = False


class Tokens(BaseModel):
    """`expires_in`: seconds that the access token lives."""

    access_token: str
    refresh_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the kind of token, not one
    expires_in: int


class SessionOut(BaseModel):
    """`current`: the one that asks. `address` is where it was started. It ends at `expires_at`
    unless it is refreshed, and at `ends_at` in any case."""

    id: str
    current: bool
    created_at: Moment
    used_at: Moment
    expires_at: Moment
    ends_at: Moment
    address: str | None
    user_agent: str | None

    @classmethod
    def of(cls, row: Session, current: str | None) -> "SessionOut":
        return cls(
            id=row.id, current=row.id == current, created_at=row.created_at, used_at=row.used_at,
            expires_at=row.expires_at, ends_at=row.ends_at, address=row.address,
            user_agent=row.user_agent,
        )  # fmt: skip


class SessionList(BaseModel):
    data: list[SessionOut]
    next_cursor: str | None


class OrganisationOut(BaseModel):
    id: str
    name: str


class Me(BaseModel):
    """Who calls. `key` is the API key, if it is one that calls; `project` its, or the service
    account's."""

    kind: Literal["user", "key", "service_account"]
    org: OrganisationOut
    user: str | None
    email: str | None
    name: str | None
    role: str | None
    key: str | None
    project: str | None
    mode: str
    scopes: list[str]
