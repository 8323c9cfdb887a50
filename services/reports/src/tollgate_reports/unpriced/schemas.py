"""What may be asked of unpriced usage, and how it is shown."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field
from sqlalchemy import RowMapping

from tollgate_common.events.cloudevents import timestamp
from tollgate_common.usage_lines import BilledKind
from tollgate_reports.visibility import Filters, Interval, Mode, Timezone

PLACE_CHARACTERS = 100
"""How much of a name decides the place in the list: a provider's answer may name anything."""


class UnpricedQuery(Filters):
    """The query string of `GET /usage/unpriced`."""

    model: str | None = Field(None, description="The model that was used, as lines name it.")
    kind: BilledKind | None = Field(None, description="What was used of it.")
    period: Interval | None = Field(
        None, description="ISO 8601 interval, like 2026-11-01/P1M; this month unless given."
    )
    timezone: Timezone = Field("UTC", description="IANA name; decides where days and months begin.")
    mode: Mode | None = Field(
        None,
        description="A key or service account sees its own mode unless told otherwise,"
        " people `live`.",
    )


class DaysQuery(BaseModel):
    days: int = Field(30, ge=1, le=400)


class UnpricedUsage(BaseModel):
    """What requests used of a model and a kind without a price, in all: those whose lines have
    been adjusted since are left out. `first_seen` and `last_seen` are when the first and the last
    of them were opened."""

    model: str
    provider: str | None
    kind: str
    unit: str
    requests: int
    quantity: float
    first_seen: datetime
    last_seen: datetime


class UnpricedList(BaseModel):
    data: list[UnpricedUsage]
    next_cursor: str | None


def as_json(row: RowMapping | Mapping[str, Any]) -> dict[str, Any]:
    """A row of the query with the fields of `UnpricedUsage`."""
    quantity = row["quantity"]
    return {
        **row,
        "quantity": int(quantity) if quantity == int(quantity) else float(quantity),
        "first_seen": timestamp(row["first_seen"]),
        "last_seen": timestamp(row["last_seen"]),
    }


def place_of(shown: Mapping[str, Any]) -> str:
    """Return the place of a shown row in the list; no two rows have the same."""
    names = "\0".join(str(shown[name] or "") for name in ("model", "provider", "kind", "unit"))
    digest = hashlib.sha256(names.encode()).hexdigest()
    return f"{names[:PLACE_CHARACTERS]}\0{digest}"
