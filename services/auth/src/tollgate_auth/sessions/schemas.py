from typing import Annotated, Literal

from pydantic import BaseModel, Field

from tollgate_auth.fields import RequestModel

Token = Annotated[str, Field(max_length=4096)]


class Login(RequestModel):
    email: Annotated[str, Field(max_length=254, pattern=r"^[^\x00]*$")]
    password: Annotated[str, Field(max_length=1024)]


class Refresh(RequestModel):
    refresh_token: Token


class Logout(RequestModel):
    """Without a refresh token, every session of the user ends."""

    refresh_token: Token | None = None


class Tokens(BaseModel):
    """`expires_in`: seconds that the access token lives."""

    access_token: str
    refresh_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the kind of token, not one
    expires_in: int


class OrganisationOut(BaseModel):
    id: str
    name: str


class Me(BaseModel):
    """Who calls. `key` and `project` are of the API key, if it is one that calls."""

    kind: Literal["user", "key"]
    org: OrganisationOut
    user: str | None
    email: str | None
    name: str | None
    role: str | None
    key: str | None
    project: str | None
    mode: str
    scopes: list[str]
