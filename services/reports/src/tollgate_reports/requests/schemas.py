"""What may be asked of requests, and how one is shown."""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field
from sqlalchemy import RowMapping

from tollgate_common.errors import InvalidField
from tollgate_common.events.cloudevents import timestamp
from tollgate_common.money import to_nanos, usd_text
from tollgate_reports.adjustments.schemas import Adjustment
from tollgate_reports.adjustments.schemas import as_json as adjustment_as_json
from tollgate_reports.lines import Line
from tollgate_reports.visibility import Filters, Interval, Mode, Timezone

Place = tuple[datetime, UUID]
OWN_FILTERS = (
    "estimated",
    "unpriced",
    "capped",
    "adjusted",
    "endpoint",
    "dialect",
    "provider_model",
    "stream",
    "http_status",
    "service_tier",
    "error",
    "client_request_id",
)


def _tags(text: str) -> str:
    """Refuse what are no tags."""
    tags_of(text)
    return text


def tags_of(text: str) -> dict[str, str]:
    """Return the tags that are written as `x-tollgate-tags` has them, or raise `ValueError`."""
    tags = {}
    for part in text.split(","):
        name, equals, value = part.partition("=")
        if not equals or not name.strip():
            raise ValueError("write name=value, several separated by commas")
        tags[name.strip()] = value.strip()
    return tags


Tags = Annotated[
    str,
    Field(max_length=2100, json_schema_extra={"pattern": "^[^=,]*[^=,\\s][^=,]*=[^,]*$"}),
    AfterValidator(_tags),
]


class RequestQuery(Filters):
    """The query string of `GET /requests`."""

    period: Interval | None = Field(None, description="ISO 8601 interval, like 2026-11-01/P1M.")
    timezone: Timezone = Field("UTC", description="IANA name; decides where days and months begin.")
    mode: Mode | None = Field(
        None,
        description="A key or service account sees its own mode unless told otherwise,"
        " people `live`.",
    )
    estimated: bool | None = Field(
        None, description="Whether the figures are an estimate, or the provider's own."
    )
    unpriced: bool | None = Field(
        None, description="Whether something was used that nobody knew the price of."
    )
    capped: bool | None = Field(
        None, description="Whether the provider reported more than is possible."
    )
    adjusted: bool | None = Field(None, description="Whether somebody has adjusted it.")
    endpoint: str | None = Field(None, description="Of this route, like /v1/chat/completions.")
    dialect: Literal["openai", "anthropic"] | None = Field(None, description="In this dialect.")
    provider_model: str | None = Field(None, description="The model's name at the provider.")
    stream: bool | None = Field(None, description="Whether the answer was streamed.")
    http_status: int | None = Field(
        None, ge=100, le=599, description="The status that the provider answered with."
    )
    service_tier: str | None = Field(None, description="Processed in this way, not the usual one.")
    error: str | None = Field(None, description="The code of the error that it ended with.")
    tag: Tags | None = Field(
        None, description="With all of these tags: `team=blue,feature=search`."
    )
    client_request_id: str | None = Field(
        None,
        max_length=128,
        description="All that the caller has called so, by `x-client-request-id` when it asked.",
    )

    def conditions(self) -> dict[str, Any]:
        """What must have these values, beside what `Filters` has: columns of the ledger, and
        `adjusted`."""
        return {name: value for name in OWN_FILTERS if (value := getattr(self, name)) is not None}


class RequestRow(BaseModel):
    """A row of the ledger. `id` is the ticket's; times are RFC 3339 UTC; `price` is what was
    reckoned with, in US dollars per million tokens; `estimated`: the figures are not the
    provider's own. `lines` are what is billed, and `cost_usd` is the sum of their costs; null for
    a request that was booked before there were lines. `service_tier`: how the provider says it was
    processed; null: the usual way.

    A row is never changed. `adjustments` are the rows that correct it, oldest first, and
    `adjusted_cost_usd` is what all of them cost together; `adjusted`: there is one at least."""

    id: UUID
    request_id: str
    client_request_id: str | None
    org: str
    project: str | None
    key: str | None
    user: str | None
    mode: Literal["live", "test"]
    endpoint: str
    dialect: str
    model: str
    stream: bool
    tags: dict[str, str]
    opened_at: datetime
    closed_at: datetime
    status: str
    provider: str | None
    provider_model: str | None
    http_status: int | None
    input_tokens: int
    output_tokens: int
    cached_input_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    cost_usd: str
    price: dict[str, Any] | None
    lines: list[Line] | None
    service_tier: str | None
    unpriced: bool = Field(description="Something was used that nobody knows the price of.")
    capped: bool = Field(description="The provider reported more than is possible.")
    estimated: bool
    attempts: int
    latency_ms: int
    first_byte_ms: int | None
    error: str | None
    adjusted: bool
    adjusted_cost_usd: str
    adjustments: list[Adjustment]


class RequestPage(BaseModel):
    data: list[RequestRow]
    next_cursor: str | None


def as_json(row: RowMapping, adjustments: Sequence[RowMapping]) -> dict[str, Any]:
    """A ledger row and its adjustments with the fields of `RequestRow`."""
    shown = {name: value for name, value in row.items() if name != "cost"}
    cost = to_nanos(row["cost"])
    return {
        **shown,
        "id": str(row["id"]),
        "opened_at": timestamp(row["opened_at"]),
        "closed_at": timestamp(row["closed_at"]),
        "cost_usd": usd_text(cost),
        "adjusted": bool(adjustments),
        "adjusted_cost_usd": usd_text(cost + sum(to_nanos(each["cost"]) for each in adjustments)),
        "adjustments": [adjustment_as_json(each) for each in adjustments],
    }


def cursor_of(row: RowMapping) -> str:
    """The place after this row."""
    place = f"{row['opened_at'].isoformat()} {row['id']}"
    return base64.urlsafe_b64encode(place.encode()).decode()


def place_of(cursor: str) -> Place:
    """The place a cursor stands for, or `InvalidField`."""
    try:
        moment, ticket = base64.urlsafe_b64decode(cursor).decode().split(" ")
        place = datetime.fromisoformat(moment), UUID(ticket)
    except (binascii.Error, ValueError):
        place = None
    if place is None or place[0].tzinfo is None:
        raise InvalidField("cursor: not one that a page has named.", param="cursor")
    return place
