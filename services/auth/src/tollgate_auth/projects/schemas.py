from decimal import Decimal
from typing import Annotated, Any

import msgspec
from pydantic import AfterValidator, BaseModel, Field, field_serializer
from pydantic_core import PydanticCustomError

from tollgate_auth.fields import (
    LONGEST_YEARS,
    Moment,
    Name,
    PatchModel,
    RequestModel,
    RequestQuery,
    reply,
)
from tollgate_auth.limits.amounts import COST, amount_text
from tollgate_auth.limits.schemas import Models, PlainLimit
from tollgate_auth.projects.models import Project


class ProjectQuery(RequestQuery):
    name: Name | None = Field(None, description="Only the project of this name.")
    is_default: bool | None = Field(None, description="Only the default project, or the others.")


class DeleteQuery(RequestQuery):
    confirm: Name | None = Field(
        None, description="The project's name: delete it although it has spent."
    )


class MaxLimit(PlainLimit):
    """A limit that a key must have: of this metric and window, and of at most `max`."""

    @field_serializer("max")
    def _as_text(self, amount: Decimal) -> str:
        return amount_text(self.metric, amount)


def _distinct(limits: list[MaxLimit]) -> list[MaxLimit]:
    if len({(limit.metric, limit.window) for limit in limits}) != len(limits):
        raise PydanticCustomError("limits", "two of them have the same metric and window")
    return limits


MaxLimits = Annotated[list[MaxLimit], Field(max_length=20), AfterValidator(_distinct)]
MaxDays = Annotated[int, Field(strict=True, ge=1, le=LONGEST_YEARS * 365)]


class KeyRules(RequestModel):
    """What a key in the project may have that is made, changed, given away or rotated by somebody
    without `projects:write`. `models`: each model of the key matches one of these globs; null: any.
    `max_limits`: for each of them the key has a limit of the same metric and window that enforces,
    with at most its `max`. `max_days`: the key ends within so many days from then on; null: at any
    time, or never."""

    models: Models | None = None
    max_limits: MaxLimits = Field(default_factory=list)
    max_days: MaxDays | None = None

    def is_nothing(self) -> bool:
        return self == KeyRules()


class ProjectIn(RequestModel):
    name: Name
    key_rules: KeyRules | None = None


class ProjectPatch(PatchModel):
    """`key_rules` takes the place of all rules that there were; null: there are none."""

    name: Name = ""
    key_rules: KeyRules | None = None


class ModeSpend(msgspec.Struct, frozen=True):
    """`cost_usd` is a decimal string, without what `unpriced_requests` cost: nobody knows that."""

    requests: int
    unpriced_requests: int
    cost_usd: str

    def is_nothing(self) -> bool:
        return not self.unpriced_requests and not Decimal(self.cost_usd)

    def text(self) -> str:
        """Return the dollars, to be read."""
        return f"{amount_text(COST, Decimal(self.cost_usd))} USD"


class Spend(msgspec.Struct, frozen=True):
    """What reports says that a project has spent."""

    live: ModeSpend
    test: ModeSpend

    def is_nothing(self) -> bool:
        return self.live.is_nothing() and self.test.is_nothing()

    def text(self) -> str:
        """Return what was spent, to be read."""
        unpriced = self.live.unpriced_requests + self.test.unpriced_requests
        unknown = f", and {unpriced} requests have no known price" if unpriced else ""
        return f"{self.live.text()}, and {self.test.text()} in test mode{unknown}"


class ProjectOut(BaseModel):
    """`key_rules` null: there are none."""

    id: str
    name: str
    is_default: bool
    key_rules: KeyRules | None
    created_at: Moment

    @classmethod
    def of(cls, row: Project) -> "ProjectOut":
        return cls(
            id=row.id,
            name=row.name,
            is_default=row.is_default,
            key_rules=rules_of(row),
            created_at=row.created_at,
        )


class ProjectList(BaseModel):
    data: list[ProjectOut]
    next_cursor: str | None


def rules_of(row: Project) -> KeyRules | None:
    """Return the rules as they are stored with the project."""
    return KeyRules.model_validate(row.key_rules) if row.key_rules else None


def stored(rules: KeyRules | None) -> dict[str, Any] | None:
    """Return the rules as they are stored; rules that bound nothing are none."""
    return None if rules is None or rules.is_nothing() else reply(rules)
