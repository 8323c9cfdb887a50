from pydantic import BaseModel

from tollgate_auth.fields import Moment, Name, RequestModel
from tollgate_auth.organisations.models import Organisation


class OrganisationPatch(RequestModel):
    name: Name


class OrganisationFull(BaseModel):
    id: str
    name: str
    created_at: Moment

    @classmethod
    def of(cls, row: Organisation) -> "OrganisationFull":
        return cls(id=row.id, name=row.name, created_at=row.created_at)
