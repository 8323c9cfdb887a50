"""What a request should have been booked with, and the row that corrects it."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)
from sqlalchemy import RowMapping

from tollgate_common.events.cloudevents import timestamp
from tollgate_common.money import to_nanos, usd_text
from tollgate_common.usage_lines import UNITS, BilledKind, Factor, UsageLine, priced_line
from tollgate_reports.lines import Line

LINES_MAX = 1000
FACTORS_MAX = 20
TOKENS_MAX = 2**40

Tokens = Annotated[int, Field(ge=0, le=TOKENS_MAX, strict=True)]
Quantity = Annotated[float, Field(ge=0, le=TOKENS_MAX, strict=True, allow_inf_nan=False)]
Usd = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,9}(\.[0-9]{1,9})?$")]
UnitPrice = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,9}(\.[0-9]{1,18})?$")]
Multiplier = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,6}(\.[0-9]{1,9})?$")]


class BilledFactor(BaseModel):
    """A multiplier of a unit price, with its reason as name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=100)
    factor: Multiplier


class BilledLine(BaseModel):
    """One line of the vendor's bill. Its unit follows from its kind, its cost from quantity, unit
    price and factors; either may be stated, and must agree."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = Field(min_length=1, max_length=200)
    kind: BilledKind
    quantity: Quantity = Field(description="Whole; seconds have at most three decimal places.")
    unit_price_usd: UnitPrice = Field(description="US dollars for one unit, a decimal.")
    factors: list[BilledFactor] = Field([], max_length=FACTORS_MAX)
    unit: str | None = None
    cost_usd: Usd | None = None

    @field_validator("quantity")
    @classmethod
    def _is_countable(cls, quantity: float, info: ValidationInfo) -> float:
        if quantity != round(quantity, 3 if info.data.get("kind") == "seconds" else 0):
            raise ValueError("only seconds have decimal places, and at most three")
        return quantity

    @field_validator("unit")
    @classmethod
    def _is_of_the_kind(cls, unit: str | None, info: ValidationInfo) -> str | None:
        kind = info.data.get("kind")
        if kind and unit not in (None, UNITS[kind]):
            raise ValueError(f"{kind} are counted by the {UNITS[kind]}")
        return unit

    @field_validator("cost_usd")
    @classmethod
    def _is_the_product(cls, cost: str | None, info: ValidationInfo) -> str | None:
        if cost is not None and cls.model_fields.keys() - info.data.keys() == {"cost_usd"}:
            product = cls.model_construct(**info.data).line().cost_usd
            if to_nanos(cost) != to_nanos(product):
                raise ValueError(f"quantity x unit_price_usd x factors is {product}")
        return cost

    def line(self) -> UsageLine:
        """Return it as a line of the ledger."""
        whole = self.quantity == int(self.quantity)
        return priced_line(
            self.model,
            self.kind,
            int(self.quantity) if whole else self.quantity,
            plain(self.unit_price_usd),
            tuple(Factor(factor.name, plain(factor.factor)) for factor in self.factors),
        )


class AdjustmentRequest(BaseModel):
    """What the request really used, in all: not the difference. Either `lines`, which are what the
    vendor bills and from which cost and tokens follow, or `cost_usd`; tokens that are left out
    then stay as they are in the books."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cost_usd: Usd | None = Field(
        None, description="US dollars, a decimal with at most nine places; with `lines`: their sum."
    )
    lines: list[BilledLine] | None = Field(
        None, max_length=LINES_MAX, description="All that the vendor bills for it; none: nothing."
    )
    input_tokens: Tokens | None = Field(None, description="All that the model read.")
    output_tokens: Tokens | None = Field(None, description="All that it wrote.")
    reason: str = Field(min_length=1, max_length=500, description="Why, for the audit log.")

    def usage_lines(self) -> tuple[UsageLine, ...] | None:
        """Return the lines as the ledger has them, None when there are none in the request."""
        return None if self.lines is None else tuple(line.line() for line in self.lines)


class AdjustmentQuery(BaseModel):
    """The query string of the list."""

    adjusted_by: str | None = Field(None, description="Only what this user or key has adjusted.")


class Adjustment(BaseModel):
    """A row of the ledger that corrects another: its figures are differences, and the sum of the
    row and its adjustments is what holds. `adjusted_by` is a user, a key or a service account."""

    id: UUID
    adjusts: UUID
    adjusted_at: datetime
    adjusted_by: str
    reason: str
    input_tokens: int
    output_tokens: int
    cached_input_tokens: int
    cache_write_tokens: int
    cost_usd: str
    lines: list[Line] | None


class AdjustmentList(BaseModel):
    data: list[Adjustment]
    next_cursor: str | None


def plain(number: str) -> str:
    """Return the decimal without zeros that say nothing, so that equal prices are equal texts."""
    return f"{Decimal(number).normalize():f}"


def as_json(row: RowMapping) -> dict[str, Any]:
    """A ledger row with the fields of `Adjustment`."""
    return {
        "id": str(row["id"]),
        "adjusts": str(row["adjusts"]),
        "adjusted_at": timestamp(row["closed_at"]),
        "adjusted_by": row["adjusted_by"],
        "reason": row["reason"],
        "input_tokens": row["input_tokens"],
        "output_tokens": row["output_tokens"],
        "cached_input_tokens": row["cached_input_tokens"],
        "cache_write_tokens": row["cache_write_tokens"],
        "cost_usd": usd_text(to_nanos(row["cost"])),
        "lines": row["lines"],
    }
