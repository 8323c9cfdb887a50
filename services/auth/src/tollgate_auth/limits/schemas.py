from decimal import Decimal
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from tollgate_auth.fields import Glob, Moment, ObjectId, PatchModel, RequestModel, RequestQuery
from tollgate_auth.limits.amounts import (
    Amount,
    LimitMode,
    Metric,
    Window,
    amount_fault,
    amount_text,
    window_fault,
)
from tollgate_auth.limits.identity import Identity, identity_of
from tollgate_auth.limits.models import LimitRow

Mode = Literal["live", "test"]
SubjectKind = Literal["org", "project", "user", "key"]


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise PydanticCustomError("timezone", "not a time zone such as Europe/Berlin")
    return name


Zone = Annotated[
    str,
    Field(max_length=64, json_schema_extra={"format": "timezone"}),
    AfterValidator(_known_zone),
]
Models = Annotated[
    list[Glob],
    Field(min_length=1, max_length=100, description="Globs; case does not tell models apart."),
]


def every_model() -> list[str]:
    return ["*"]


class ModeQuery(RequestQuery):
    mode: Mode | None = Field(
        None,
        description="Which calls' figures; else a key's own mode, and `live` for the others,"
        " or `test` for a caller in test mode.",
    )


class LimitQuery(ModeQuery):
    kind: SubjectKind | None = Field(None, description="Only those that bind such a subject.")
    subject_id: ObjectId | None = Field(
        None, description="Only those that bind this org, project, user or key."
    )
    metric: Metric | None = Field(None, description="Only those of this metric.")
    window: Window | None = Field(None, description="Only those with this window.")
    enforce: bool | None = Field(
        None, description="Only those that refuse, or only those that do not."
    )
    timezone: Zone | None = Field(None, description="Only those in this time zone.")
    model: Glob | None = Field(None, description="Only those that name this model, or this glob.")


class SubjectIn(RequestModel):
    """Whom the limit binds. For `org`, the id may be left out."""

    kind: SubjectKind
    id: ObjectId | None = None


class PlainLimit(RequestModel):
    """How much of what, and over which window. `concurrency` needs no window."""

    metric: Metric
    window: Window | None = Field(None, validate_default=True)
    max: Amount

    @field_validator("window")
    @classmethod
    def _fits_metric(cls, window: Window | None, info: ValidationInfo) -> Window | None:
        metric = info.data.get("metric")
        if metric == "concurrency" and window is None:
            return "total"
        if window is None:
            raise PydanticCustomError("missing", "Field required")
        if metric and (fault := window_fault(metric, window)):
            raise PydanticCustomError("window", "{fault}", {"fault": fault})
        return window

    @field_validator("max")
    @classmethod
    def _fits(cls, amount: Decimal, info: ValidationInfo) -> Decimal:
        metric = info.data.get("metric")
        if metric and (fault := amount_fault(metric, amount)):
            raise PydanticCustomError("amount", "{fault}", {"fault": fault})
        return amount


class InlineLimit(PlainLimit):
    """A limit that is made together with its key. `concurrency` needs no window."""

    mode: LimitMode = "enforce"
    models: Models = Field(default_factory=every_model)
    timezone: Zone = "UTC"

    def identity(self) -> Identity:
        return identity_of(self)


class LimitCreate(InlineLimit):
    subject: SubjectIn


class LimitPatch(PatchModel):
    """What may change. Whom, what and over which window it limits is another limit."""

    max: Amount = Decimal(0)
    mode: LimitMode = "enforce"
    models: Models = Field(default_factory=every_model)
    timezone: Zone = "UTC"


class SubjectOut(BaseModel):
    kind: str
    id: str


class LimitOut(BaseModel):
    id: str
    subject: SubjectOut
    models: list[str]
    metric: str
    window: str
    max: str
    mode: str
    timezone: str
    created_at: Moment

    @classmethod
    def of(cls, row: LimitRow) -> "LimitOut":
        return cls(
            id=row.id, subject=SubjectOut(kind=row.subject_kind, id=row.subject_id),
            models=row.models, metric=row.metric, window=row.window,
            max=amount_text(row.metric, row.max), mode=row.mode, timezone=row.timezone,
            created_at=row.created_at,
        )  # fmt: skip


class EveryLimitQuery(RequestQuery):
    """`after` is the `next` of the page before."""

    after: ObjectId | None = None


class CountedOut(BaseModel):
    """Ids of keys, and of service accounts as users."""

    key: list[str]
    user: list[str]


class EveryLimitOut(LimitOut):
    """For other services. `counts_also`: whose calls count on it beside its subject's own, because
    the subject made them. `changed_at`: when it, or what counts on it, was last changed.
    `transition`: the window that was running when its time zone was changed last."""

    org: str
    changed_at: Moment | None
    transition: dict[str, Any] | None
    counts_also: CountedOut


class Figures(BaseModel):
    """Decimal strings, as `max` is. Null while Redis does not answer, but for `counts_from`."""

    counted: str = Field(description="Which calls the figures are of: `live` or `test`.")
    used: str | None
    counts_from: Moment | None = Field(
        description="Since when `used` counts; null for what drains, and for what runs."
    )
    reserved: str | None = Field(description="By calls that are running.")
    remaining: str | None
    resets_at: Moment | None = Field(description="When all of it is there again; null: never.")


class LimitState(LimitOut, Figures):
    """A limit, and how much of it is used."""


class LimitList(BaseModel):
    data: list[LimitState]
    next_cursor: str | None
