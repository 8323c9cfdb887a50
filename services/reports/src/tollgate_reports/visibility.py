"""What of the books somebody asks for, within what they see."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from tollgate_common.errors import InvalidField
from tollgate_common.visibility import Visibility

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


def filters_for(visibility: Visibility, filters: Filters) -> dict[str, str]:
    """Return what is asked for as conditions that say what the caller sees, too: the mode, and the
    project of a key or a service account. Another project of theirs is refused."""
    chosen = {
        name: value
        for name in Filters.model_fields
        if (value := getattr(filters, name)) is not None
    }
    if visibility.mode is not None:
        chosen["mode"] = visibility.mode
    if visibility.projects is not None:
        if chosen.get("project") not in (None, *visibility.projects):
            raise InvalidField("project: it is none of those that you see.", param="project")
        if len(visibility.projects) == 1:
            (chosen["project"],) = visibility.projects
    return chosen
