"""The kinds of text that requests bring: bounded, and nothing that PostgreSQL would refuse."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from email_validator import EmailNotValidError, validate_email
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
)
from pydantic_core import PydanticCustomError
from werkzeug.routing import BaseConverter

from tollgate_common.addresses import plain_address, plain_network
from tollgate_common.events.cloudevents import timestamp

LONGEST_YEARS = 50
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}")


class RequestModel(BaseModel):
    """A request body. A field that does not exist is refused: it is a typing error."""

    model_config = ConfigDict(extra="forbid", str_max_length=10_000)


def _without_defaults(schema: dict[str, Any]) -> None:
    for field in schema.get("properties", {}).values():
        field.pop("default", None)


class PatchModel(RequestModel):
    """What a PATCH may bring. What is left out stays as it is, so no default is documented."""

    model_config = ConfigDict(json_schema_extra=_without_defaults)


class RequestQuery(BaseModel):
    """A part of a query string. `limit` and `cursor` are read by `paging`; what no part has is
    refused (`restx.takes`)."""


def _email(text: str) -> str:
    try:
        found = validate_email(text, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        raise PydanticCustomError("email", "not an email address") from None
    return found.normalized.lower()


def _network(text: str) -> str:
    try:
        return str(plain_network(text))
    except ValueError:
        raise PydanticCustomError("network", "not a network such as 10.0.0.0/8") from None


def _address(text: str) -> str:
    try:
        return str(plain_address(text))
    except ValueError:
        raise PydanticCustomError("address", "not an address such as 192.0.2.7") from None


def _written(moment: Any) -> Any:
    """A number would be taken for seconds since 1970."""
    if isinstance(moment, datetime) or _MOMENT.match(str(moment)):
        return moment
    raise PydanticCustomError("moment", "not a moment such as 2026-11-21T12:00:00Z")


def _future(moment: datetime) -> datetime:
    now = datetime.now(UTC)
    if not now < moment < now + timedelta(days=365 * LONGEST_YEARS):
        raise PydanticCustomError(
            "future",
            "a moment in the future, at most {years} years ahead",
            {"years": LONGEST_YEARS},
        )
    return moment.astimezone(UTC)


PLAIN = r"[^\x00-\x1f\x7f]"
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=f"^{PLAIN}*$"),
    # Surrounding spaces are taken off first: something else must be there.
    Field(json_schema_extra={"pattern": rf"^{PLAIN}*[^\s\x00-\x1f\x7f]{PLAIN}*$"}),
]
ObjectId = Annotated[str, StringConstraints(pattern=r"^[a-z]{3,4}_[0-9a-f]{32}$")]
Email = Annotated[
    str,
    StringConstraints(max_length=254),
    AfterValidator(_email),
    Field(json_schema_extra={"format": "email"}),
]
Glob = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,200}$")]
Network = Annotated[
    str,
    StringConstraints(max_length=50),
    AfterValidator(_network),
    Field(json_schema_extra={"format": "network"}),
]
Address = Annotated[str, StringConstraints(max_length=45), AfterValidator(_address)]
When = Annotated[AwareDatetime, BeforeValidator(_written)]
Future = Annotated[When, AfterValidator(_future)]
Moment = Annotated[datetime, PlainSerializer(timestamp, return_type=str)]


class ObjectIdConverter(BaseConverter):
    """An id in a path. What has not its form names nothing: 404, without asking the database."""

    regex = "[a-z]{3,4}_[0-9a-f]{32}"


def changes(patch: BaseModel) -> dict[str, Any]:
    """The fields that a PATCH has sent, with their values."""
    return {name: getattr(patch, name) for name in patch.model_fields_set}


def reply(model: BaseModel) -> dict[str, Any]:
    """A response model as JSON-ready values."""
    return model.model_dump(mode="json")
