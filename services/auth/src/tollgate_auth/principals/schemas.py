from typing import Annotated, Self

from pydantic import StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from tollgate_auth.fields import ObjectId, RequestModel

KeyHash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class PrincipalQuery(RequestModel):
    """Whose principal: by exactly one of these."""

    key_hash: KeyHash | None = None
    key_id: ObjectId | None = None
    session_id: ObjectId | None = None
    user_id: ObjectId | None = None

    @model_validator(mode="after")
    def _one_name(self) -> Self:
        if len(self.name()) != 1:
            names = ", ".join(type(self).model_fields)
            raise PydanticCustomError("names", "send one of {names}", {"names": names})
        return self

    def name(self) -> dict[str, str]:
        """What the repository looks up by."""
        return self.model_dump(exclude_none=True)
