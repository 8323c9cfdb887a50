"""What of an organisation's books a caller may see, and what of it they ask for."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from tollgate_common.errors import InvalidField
from tollgate_common.guard import Caller

Mode = Literal["live", "test", "all"]
# How the document names what only code can check.
Interval = Annotated[str, Field(json_schema_extra={"format": "interval"})]
Timezone = Annotated[str, Field(json_schema_extra={"format": "timezone"})]


class Filters(BaseModel):
    """Only requests that have all of these."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    project: str | None = Field(None, description="Of this project.")
    key: str | None = Field(None, description="Made with this key.")
    user: str | None = Field(None, description="Made by this user.")
    model: str | None = Field(None, description="The model that was asked for.")
    provider: str | None = Field(None, description="The provider that answered.")
    status: Literal["ok", "client_closed", "provider_error", "lost"] | None = Field(
        None, description="How it ended."
    )


def filters_for(caller: Caller, filters: Filters, mode: Mode | None) -> dict[str, str]:
    """What is asked for, cut down to what the caller may see: a key sees its own project. Mode:
    a key's own unless told otherwise, for a user `live`."""
    chosen = {
        name: value
        for name in Filters.model_fields
        if (value := getattr(filters, name)) is not None
    }
    of_mode: str = mode or (caller.mode if caller.key else "live")
    if of_mode != "all":
        chosen["mode"] = of_mode
    if caller.key and caller.project:
        if chosen.get("project", caller.project) != caller.project:
            raise InvalidField("project: a key sees its own project only.", param="project")
        chosen["project"] = caller.project
    return chosen
