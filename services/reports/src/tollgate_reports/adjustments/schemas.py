"""The figures of a request, what they should have been, and the difference."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import RowMapping

from tollgate_common.events.cloudevents import timestamp
from tollgate_common.money import to_nanos, to_usd, usd_text

Tokens = Annotated[int, Field(ge=0, le=2**40, strict=True)]
Usd = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,9}(\.[0-9]{1,9})?$")]


class AdjustmentRequest(BaseModel):
    """What the request really used, in all: not the difference. What is left out stays as it is
    in the books."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cost_usd: Usd = Field(description="US dollars, a decimal with at most nine places.")
    input_tokens: Tokens | None = Field(None, description="All that the model read.")
    output_tokens: Tokens | None = Field(None, description="All that it wrote.")
    reason: str = Field(min_length=1, max_length=500, description="Why, for the audit log.")


class AdjustmentQuery(BaseModel):
    """The query string of the list."""

    adjusted_by: str | None = Field(None, description="Only what this user or key has adjusted.")


class Adjustment(BaseModel):
    """A row of the ledger that corrects another: its figures are differences. `adjusted_by` is a
    user, a key or a service account."""

    id: UUID
    adjusts: UUID
    adjusted_at: datetime
    adjusted_by: str
    reason: str
    input_tokens: int
    output_tokens: int
    cost_usd: str


class AdjustmentList(BaseModel):
    data: list[Adjustment]
    next_cursor: str | None


class Figures(NamedTuple):
    """`cost` in dollars."""

    input_tokens: int
    output_tokens: int
    cost: Decimal

    def minus(self, other: "Figures") -> "Figures":
        return Figures(
            self.input_tokens - other.input_tokens,
            self.output_tokens - other.output_tokens,
            self.cost - other.cost,
        )

    def changed_to(self, wanted: AdjustmentRequest) -> "Figures":
        read, wrote = wanted.input_tokens, wanted.output_tokens
        return Figures(
            self.input_tokens if read is None else read,
            self.output_tokens if wrote is None else wrote,
            to_usd(to_nanos(wanted.cost_usd)),
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "cost_usd": usd_text(to_nanos(self.cost)),
        }


def as_json(row: RowMapping) -> dict[str, Any]:
    """A ledger row with the fields of `Adjustment`."""
    figures = Figures(row["input_tokens"], row["output_tokens"], row["cost"])
    return {
        "id": str(row["id"]),
        "adjusts": str(row["adjusts"]),
        "adjusted_at": timestamp(row["closed_at"]),
        "adjusted_by": row["adjusted_by"],
        "reason": row["reason"],
        **figures.as_json(),
    }
