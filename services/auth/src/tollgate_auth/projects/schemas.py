from decimal import Decimal

import msgspec
from pydantic import BaseModel, Field

from tollgate_auth.fields import Moment, Name, RequestModel, RequestQuery
from tollgate_auth.limits.amounts import COST, amount_text
from tollgate_auth.projects.models import Project


class ProjectQuery(RequestQuery):
    name: Name | None = Field(None, description="Only the project of this name.")
    is_default: bool | None = Field(None, description="Only the default project, or the others.")


class DeleteQuery(RequestQuery):
    confirm: Name | None = Field(
        None, description="The project's name: delete it although it has spent."
    )


class ProjectIn(RequestModel):
    name: Name


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
    id: str
    name: str
    is_default: bool
    created_at: Moment

    @classmethod
    def of(cls, row: Project) -> "ProjectOut":
        return cls(id=row.id, name=row.name, is_default=row.is_default, created_at=row.created_at)


class ProjectList(BaseModel):
    data: list[ProjectOut]
    next_cursor: str | None
