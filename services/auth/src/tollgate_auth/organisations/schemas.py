from pydantic import BaseModel

from tollgate_auth.fields import Moment, Name, PatchModel
from tollgate_auth.organisations.models import Organisation
from tollgate_common.unsupported import Unsupported


class OrganisationPatch(PatchModel):
    """`unsupported`: whether calls with fields that a translation cannot say are refused, or the
    fields left out, where neither the key nor the model states it; null: they are refused."""

    name: Name = ""
    unsupported: Unsupported | None = None


class OrganisationFull(BaseModel):
    """`unsupported` null: the organisation does not state it."""

    id: str
    name: str
    unsupported: Unsupported | None
    created_at: Moment

    @classmethod
    def of(cls, row: Organisation) -> "OrganisationFull":
        return cls(id=row.id, name=row.name, unsupported=row.unsupported, created_at=row.created_at)
