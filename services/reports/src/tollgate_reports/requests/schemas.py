"""What may be asked of requests, and how one is shown."""

import base64
import binascii
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import RowMapping

from tollgate_common.errors import InvalidField
from tollgate_common.events.cloudevents import timestamp
from tollgate_common.money import to_nanos, usd_text
from tollgate_reports.visibility import Filters, Interval, Mode, Timezone

Place = tuple[datetime, UUID]


class RequestQuery(Filters):
    """The query string of `GET /requests`."""

    period: Interval | None = Field(None, description="ISO 8601 interval, like 2026-11-01/P1M.")
    timezone: Timezone = Field("UTC", description="IANA name; decides where days and months begin.")
    mode: Mode | None = Field(
        None, description="A key sees its own mode unless told otherwise, a user live."
    )
    estimated: bool | None = Field(
        None, description="Whether the figures are an estimate, or the provider's own."
    )
    limit: str | None = Field(None, description="From 1 to 200; 50 unless given.")
    cursor: str | None = Field(None, description="`next_cursor` of the page before.")


class RequestRow(BaseModel):
    """A row of the ledger. `id` is the ticket's; times are RFC 3339 UTC; `price` is what was
    reckoned with, in US dollars per million tokens; `estimated`: the figures are not the
    provider's own."""

    id: UUID
    request_id: str
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
    reasoning_tokens: int
    cost_usd: str
    price: dict[str, Any] | None
    estimated: bool
    attempts: int
    latency_ms: int
    first_byte_ms: int | None
    error: str | None


class RequestPage(BaseModel):
    data: list[RequestRow]
    next_cursor: str | None


def as_json(row: RowMapping) -> dict[str, Any]:
    """A ledger row with the fields of `RequestRow`."""
    shown = {name: value for name, value in row.items() if name != "cost"}
    return {
        **shown,
        "id": str(row["id"]),
        "opened_at": timestamp(row["opened_at"]),
        "closed_at": timestamp(row["closed_at"]),
        "cost_usd": usd_text(to_nanos(row["cost"])),
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
