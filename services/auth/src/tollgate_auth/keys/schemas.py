from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, StringConstraints
from pydantic_core import PydanticCustomError

from tollgate_auth.fields import Future, Moment, Name, Network, ObjectId, PatchModel, RequestModel
from tollgate_auth.keys.models import Key
from tollgate_auth.limits.schemas import InlineLimit, LimitOut, Models, every_model
from tollgate_auth.roles.permissions import PERMISSIONS

LONGEST_GRACE_SECONDS = 30 * 86400


def _permissions(scopes: list[str]) -> list[str]:
    for scope in scopes:
        if scope not in PERMISSIONS:
            raise PydanticCustomError(
                "scope", "there is no scope {scope}; see GET /api/v1/roles", {"scope": scope[:60]}
            )
    return [scope for scope in PERMISSIONS if scope in scopes]


Scopes = Annotated[
    list[Annotated[str, Field(max_length=60, json_schema_extra={"enum": list(PERMISSIONS)})]],
    Field(min_length=1, max_length=50),
    AfterValidator(_permissions),
]
InlineLimits = Annotated[list[InlineLimit], Field(max_length=20)]
Networks = Annotated[list[Network], Field(max_length=50)]
KeyId = Annotated[str, StringConstraints(pattern=r"^key_[0-9a-f]{32}$")]
Epoch = Annotated[int, Field(ge=0, le=2**40)]


class KeyCreate(RequestModel):
    """`project_id`: the default project unless given. `scopes`: never more than the caller has.
    `networks`: the only ones that the key may be used from; none named: all."""

    name: Name
    project_id: ObjectId | None = None
    mode: Literal["live", "test"] = "live"
    scopes: Scopes = Field(default_factory=lambda: ["inference"])
    models: Models = Field(default_factory=every_model)
    networks: Networks = Field(default_factory=list)
    limits: InlineLimits = Field(default_factory=list)
    expires_at: Future | None = None


class KeyPatch(PatchModel):
    """`limits` takes the place of all limits of the key itself."""

    name: Name = ""
    scopes: Scopes = Field(default_factory=list)
    models: Models = Field(default_factory=list)
    networks: Networks = Field(default_factory=list)
    limits: InlineLimits = Field(default_factory=list)
    expires_at: Future | None = None


class KeyRotate(RequestModel):
    """For `grace_seconds` the old text of the key works beside the new one."""

    grace_seconds: int = Field(0, ge=0, le=LONGEST_GRACE_SECONDS)


class KeyUses(RequestModel):
    """When keys were last used, in epoch seconds."""

    keys: Annotated[dict[KeyId, Epoch], Field(max_length=1000)]


class KeyOut(BaseModel):
    """`last_used_at` is up to a minute behind."""

    id: str
    project_id: str
    user_id: str | None
    name: str
    mode: str
    prefix: str
    last4: str
    scopes: list[str]
    models: list[str]
    networks: list[str]
    limits: list[LimitOut]
    status: Literal["active", "expired", "revoked"]
    created_at: Moment
    expires_at: Moment | None
    revoked_at: Moment | None
    last_used_at: Moment | None

    @classmethod
    def of(cls, row: Key, limits: list[LimitOut], now: datetime) -> "KeyOut":
        return cls(
            id=row.id, project_id=row.project_id, user_id=row.user_id, name=row.name,
            mode=row.mode, prefix=row.prefix, last4=row.last4, scopes=row.scopes,
            models=row.models, networks=row.networks, limits=limits, status=_status(row, now),
            created_at=row.created_at, expires_at=row.expires_at, revoked_at=row.revoked_at,
            last_used_at=row.last_used_at,
        )  # fmt: skip


class KeyWithText(KeyOut):
    """`key` is the key itself, shown this once."""

    key: str


class KeyList(BaseModel):
    data: list[KeyOut]
    next_cursor: str | None


def _status(row: Key, now: datetime) -> Literal["active", "expired", "revoked"]:
    if row.revoked_at:
        return "revoked"
    return "expired" if row.expires_at and row.expires_at <= now else "active"
