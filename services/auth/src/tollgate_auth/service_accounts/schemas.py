from typing import Literal

from pydantic import BaseModel, Field

from tollgate_auth.fields import (
    Glob,
    Moment,
    Name,
    ObjectId,
    PatchModel,
    RequestModel,
    RequestQuery,
)
from tollgate_auth.keys.schemas import Scope, Scopes
from tollgate_auth.limits.schemas import Models, every_model
from tollgate_auth.service_accounts.models import ServiceAccount
from tollgate_auth.users.models import User


class ServiceAccountQuery(RequestQuery):
    project_id: ObjectId | None = Field(None, description="Only those of this project.")
    owner_id: ObjectId | None = Field(None, description="Only those of this owner.")
    name: Name | None = Field(None, description="Only those of this name.")
    mode: Literal["live", "test"] | None = Field(None, description="Only those of this mode.")
    scope: Scope | None = Field(None, description="Only those that have this scope.")
    model: Glob | None = Field(None, description="Only those that name this model, or this glob.")
    active: bool | None = Field(None, description="Only those that may act, or that have ended.")


class ServiceAccountCreate(RequestModel):
    """`project_id`: a key's or service account's own project unless given, else the default one. It
    never may do more than the caller. `owner_id`: the person who answers for it, unless given
    whoever makes it; of a service account that makes one, its owner; null: nobody."""

    name: Name
    project_id: ObjectId | None = None
    owner_id: ObjectId | None = None
    mode: Literal["live", "test"] = "live"
    scopes: Scopes = Field(default_factory=lambda: ["inference"])
    models: Models = Field(default_factory=every_model)


class ServiceAccountPatch(PatchModel):
    """`owner_id` null: nobody answers for it."""

    name: Name = ""
    owner_id: ObjectId | None = None
    scopes: Scopes = Field(default_factory=list)
    models: Models = Field(default_factory=list)


class ServiceAccountOut(BaseModel):
    """`id` is the OAuth2 client id. `owner_id` null: it has no owner."""

    id: str
    project_id: str
    owner_id: str | None
    name: str
    mode: str
    scopes: list[str]
    models: list[str]
    active: bool
    created_at: Moment

    @classmethod
    def of(cls, user: User, row: ServiceAccount) -> "ServiceAccountOut":
        return cls(
            id=row.id,
            project_id=row.project_id,
            owner_id=row.owner_id,
            name=user.name,
            mode=row.mode,
            scopes=row.scopes,
            models=row.models,
            active=user.deactivated_at is None,
            created_at=user.created_at,
        )


class ServiceAccountWithSecret(ServiceAccountOut):
    """`client_secret` is shown this once."""

    client_secret: str


class ServiceAccountList(BaseModel):
    data: list[ServiceAccountOut]
    next_cursor: str | None
