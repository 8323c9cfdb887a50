from pydantic import BaseModel, StrictBool

from tollgate_auth.fields import Moment, Name, PatchModel
from tollgate_auth.organisations.models import Organisation
from tollgate_common.unsupported import Unsupported


class OrganisationPatch(PatchModel):
    """`unsupported`: whether calls with fields that a translation cannot say are refused, or the
    fields left out, where neither the key nor the model states it; null: they are refused.
    `open_projects`: whether the roles `member` and `viewer` count in every project, new ones too;
    false: in no project, where memberships alone count."""

    name: Name = ""
    unsupported: Unsupported | None = None
    open_projects: StrictBool = True


class OrganisationFull(BaseModel):
    """`unsupported` null: the organisation does not state it."""

    id: str
    name: str
    unsupported: Unsupported | None
    open_projects: bool
    created_at: Moment

    @classmethod
    def of(cls, row: Organisation) -> "OrganisationFull":
        return cls(
            id=row.id,
            name=row.name,
            unsupported=row.unsupported,
            open_projects=row.open_projects,
            created_at=row.created_at,
        )
