from typing import Annotated

from pydantic import BaseModel, Field

from tollgate_auth.fields import Moment, RequestModel
from tollgate_auth.tokens.links import LinkToken

GivenPassword = Annotated[str, Field(max_length=1024)]
NewPassword = Annotated[
    str,
    Field(
        min_length=12,
        max_length=128,
        description="One that is easy to guess is refused with `weak_password`.",
    ),
]


class PasswordChange(RequestModel):
    current_password: GivenPassword
    new_password: NewPassword


class PasswordReset(RequestModel):
    """`token` is the part of the link after the `#`."""

    token: LinkToken
    password: NewPassword


class ResetLink(BaseModel):
    """`link` is for the user, and shown this once. It works once."""

    link: str
    expires_at: Moment
