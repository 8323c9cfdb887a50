"""What may be asked of spend, and the shape of the answer."""

from typing import Annotated

from pydantic import BaseModel, Field

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,40}$")]


class SpendQuery(BaseModel):
    org: Id
    project: Id


class ModeSpend(BaseModel):
    """`cost_usd` is a decimal with nine places."""

    requests: int
    unpriced_requests: int
    cost_usd: str


class Spend(BaseModel):
    """All that is in the ledger, adjustments included."""

    live: ModeSpend
    test: ModeSpend
