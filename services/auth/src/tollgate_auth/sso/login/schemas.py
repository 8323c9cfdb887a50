from typing import Annotated

from pydantic import Field

from tollgate_auth.fields import RequestModel, RequestQuery

DEFAULT_RETURN = "/signed-in"

# A path on our host, and nothing that a browser could take for another one.
ReturnTo = Annotated[str, Field(max_length=1000, pattern=r"^/([!-\"$-.0-\[\]-~][!-\"$-\[\]-~]*)?$")]


class LoginQuery(RequestQuery):
    return_to: ReturnTo = Field(DEFAULT_RETURN, description="The path to end on, here.")


class CallbackQuery(RequestQuery):
    """What the provider sends by way of the browser: whatever anybody likes."""

    state: str = Field("", description="From the provider.")
    code: str = Field("", description="From the provider.")
    error: str = Field("", description="From the provider.")


class CodeIn(RequestModel):
    """`code` is the part after `#code=` of the page that the login ended on."""

    code: Annotated[str, Field(min_length=1, max_length=200)]
