from typing import Annotated, Self

from pydantic import StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from tollgate_auth.fields import ObjectId, RequestModel

KeyHash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class PrincipalQuery(RequestModel):
    """Whose principal: by exactly one of the first three."""

    key_hash: KeyHash | None = None
    key_id: ObjectId | None = None
    user_id: ObjectId | None = None
    project_id: ObjectId | None = None

    @model_validator(mode="after")
    def _one_name(self) -> Self:
        given = [name for name in (self.key_hash, self.key_id, self.user_id) if name is not None]
        if len(given) != 1:
            raise PydanticCustomError("names", "send one of key_hash, key_id, user_id")
        return self

    def names(self) -> dict[str, str | None]:
        """What the repository looks up by."""
        if self.user_id:
            return {"user_id": self.user_id, "project_id": self.project_id}
        return {"key_hash": self.key_hash} if self.key_hash else {"key_id": self.key_id}
