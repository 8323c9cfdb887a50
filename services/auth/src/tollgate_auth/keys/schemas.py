from datetime import datetime
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, Field, StringConstraints
from pydantic_core import PydanticCustomError

from tollgate_auth.fields import (
    Future,
    Glob,
    Moment,
    Name,
    Network,
    ObjectId,
    PatchModel,
    RequestModel,
    RequestQuery,
)
from tollgate_auth.keys.models import Key
from tollgate_auth.limits.schemas import InlineLimit, LimitOut, Models, every_model
from tollgate_auth.roles.permissions import PERMISSIONS
from tollgate_common.unsupported import Unsupported

LONGEST_GRACE_SECONDS = 30 * 86400


def _permission(scope: str) -> str:
    if scope not in PERMISSIONS:
        raise PydanticCustomError(
            "scope", "there is no scope {scope}; see GET /api/v1/roles", {"scope": scope}
        )
    return scope


def _distinct(limits: list[InlineLimit]) -> list[InlineLimit]:
    if len({limit.identity() for limit in limits}) != len(limits):
        raise PydanticCustomError("limits", "two of them differ in nothing but what they allow")
    return limits


def _in_order(scopes: list[str]) -> list[str]:
    return [scope for scope in PERMISSIONS if scope in scopes]


Scope = Annotated[
    str,
    Field(max_length=60, json_schema_extra={"enum": list(PERMISSIONS)}),
    AfterValidator(_permission),
]
Scopes = Annotated[list[Scope], Field(min_length=1, max_length=50), AfterValidator(_in_order)]
Mode = Literal["live", "test"]
Status = Literal["active", "inactive", "expired", "revoked"]
InlineLimits = Annotated[list[InlineLimit], Field(max_length=20), AfterValidator(_distinct)]
Networks = Annotated[list[Network], Field(max_length=50)]
Prefix = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_]{1,12}$")]
Last4 = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]{4}$")]
KeyId = Annotated[str, StringConstraints(pattern=r"^key_[0-9a-f]{32}$")]
Epoch = Annotated[int, Field(ge=0, le=2**40)]


class KeyQuery(RequestQuery):
    project_id: ObjectId | None = Field(None, description="Only the keys of this project.")
    user_id: ObjectId | None = Field(None, description="Only the keys of this user.")
    name: Name | None = Field(None, description="Only keys of this name.")
    mode: Mode | None = Field(None, description="Only keys of this mode.")
    status: Status | None = Field(None, description="Only keys of this status.")
    active: bool | None = Field(None, description="Only keys that work now, or only the others.")
    prefix: Prefix | None = Field(None, description="Only keys whose text begins like this.")
    last4: Last4 | None = Field(None, description="Only keys whose text ends like this.")
    scope: Scope | None = Field(None, description="Only keys that have this scope.")
    model: Glob | None = Field(None, description="Only keys that name this model, or this glob.")


class KeyCreate(RequestModel):
    """It never may do more than the caller, in any of its fields, nor has it more than the
    project's `key_rules`, unless the caller may change these. `project_id`: a key's or service
    account's own project unless given, else the default one. `user_id`: whose key it is to be, the
    caller's own unless given; null: the project's, nobody's own; both need `users:write`.
    `networks`: the only ones that the key may be used from; none named: all. `unsupported`: whether
    calls with fields that a translation cannot say are refused, or the fields left out; null: the
    model's or the organisation's setting holds."""

    name: Name
    project_id: ObjectId | None = None
    user_id: ObjectId | None = None
    mode: Mode = "live"
    scopes: Scopes = Field(default_factory=lambda: ["inference"])
    models: Models = Field(default_factory=every_model)
    networks: Networks = Field(default_factory=list)
    unsupported: Unsupported | None = None
    limits: InlineLimits = Field(default_factory=list)
    expires_at: Future | None = None


class KeyPatch(PatchModel):
    """`limits` takes the place of all limits of the key itself; one that is there already goes on
    counting. `user_id` gives the key to another user, or, with null, to its project alone; this
    needs `users:write`. `unsupported` null: the key states it no more."""

    name: Name = ""
    user_id: ObjectId | None = None
    scopes: Scopes = Field(default_factory=list)
    models: Models = Field(default_factory=list)
    networks: Networks = Field(default_factory=list)
    unsupported: Unsupported | None = None
    limits: InlineLimits = Field(default_factory=list)
    expires_at: Future | None = None


class KeyRotate(RequestModel):
    """For `grace_seconds` the old text of the key works beside the new one."""

    grace_seconds: int = Field(0, ge=0, le=LONGEST_GRACE_SECONDS)


class KeyUses(RequestModel):
    """When keys were last used, in epoch seconds."""

    keys: Annotated[dict[KeyId, Epoch], Field(max_length=1000)]


class Surroundings(NamedTuple):
    """What a key is shown with: the names of its project and its user, whether that user may act,
    and the limits of the key itself."""

    project_name: str
    user_name: str | None
    user_active: bool
    limits: list[LimitOut]


class KeyOut(BaseModel):
    """`active`: it works now. `status`: `inactive` while its user is deactivated. `user_id` null:
    it is its project's. `unsupported` null: the key does not state it. `last_used_at` is up to a
    minute behind."""

    id: str
    project_id: str
    project_name: str
    user_id: str | None
    user_name: str | None
    name: str
    mode: str
    prefix: str
    last4: str
    scopes: list[str]
    models: list[str]
    networks: list[str]
    unsupported: Unsupported | None
    limits: list[LimitOut]
    status: Status
    active: bool
    created_at: Moment
    expires_at: Moment | None
    revoked_at: Moment | None
    last_used_at: Moment | None

    @classmethod
    def of(cls, row: Key, around: Surroundings, now: datetime) -> "KeyOut":
        status = status_of(row, around.user_active, now)
        return cls(
            id=row.id,
            project_id=row.project_id,
            project_name=around.project_name,
            user_id=row.user_id,
            user_name=around.user_name,
            name=row.name,
            mode=row.mode,
            prefix=row.prefix,
            last4=row.last4,
            scopes=row.scopes,
            models=row.models,
            networks=row.networks,
            unsupported=row.unsupported,
            limits=around.limits,
            status=status,
            active=status == "active",
            created_at=row.created_at,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
            last_used_at=row.last_used_at,
        )


class KeyWithText(KeyOut):
    """`key` is the key itself, shown this once."""

    key: str


class KeyList(BaseModel):
    data: list[KeyOut]
    next_cursor: str | None


def status_of(row: Key, user_active: bool, now: datetime) -> Status:
    """What keeps a key from working for longest, or `active`."""
    if row.revoked_at:
        return "revoked"
    if row.expires_at and row.expires_at <= now:
        return "expired"
    return "active" if user_active else "inactive"
