"""From a usage event to a ledger row."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from tollgate_common.events.cloudevents import MalformedEvent, read_event
from tollgate_common.money import to_usd
from tollgate_common.tickets.book import USAGE

Row = dict[str, Any]

_TICKET = (
    "request_id", "org", "project", "key", "user", "mode", "endpoint", "dialect", "model", "stream",
)  # fmt: skip
_OUTCOME = (
    "status", "provider", "provider_model", "http_status", "input_tokens", "output_tokens",
    "estimated", "first_byte_ms", "error",
)  # fmt: skip
_OUTCOME_COUNTS = ("cached_input_tokens", "reasoning_tokens", "attempts", "latency_ms")


def ledger_row(raw: bytes) -> Row:
    """The columns of a `usage.recorded` event, tags and price as JSON text; `MalformedEvent` for
    anything else. Whether each value fits its column is for the database to say."""
    event = read_event(raw)
    if event["type"] != USAGE:
        raise MalformedEvent(f"not {USAGE}")
    data = event["data"]
    ticket, outcome = data["ticket"], data["outcome"]
    price = outcome.get("price")
    return {
        "id": UUID(ticket["id"]),
        **{name: ticket.get(name) for name in _TICKET},
        **{name: outcome.get(name) for name in _OUTCOME},
        **{name: outcome.get(name, 0) for name in _OUTCOME_COUNTS},
        "tags": msgspec.json.encode(ticket.get("tags", {})).decode(),
        "price": None if price is None else msgspec.json.encode(price).decode(),
        "cost": to_usd(outcome["cost_nanos"]),
        "opened_at": _moment("opened_at", ticket["opened_at"]),
        "closed_at": _moment("closed_at", data["closed_at"]),
    }


def month_of(ticket_id: UUID) -> datetime:
    """The first moment of the month (UTC) in which a UUIDv7 was made."""
    try:
        made_at = datetime.fromtimestamp((ticket_id.int >> 80) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        raise MalformedEvent("ticket.id is of no year we can write") from None
    return made_at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def first_uuid(moment: datetime) -> UUID:
    """The lowest id that can have been made at `moment`: the bound of a partition."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


def _moment(name: str, text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise MalformedEvent(f"{name} is no moment in time") from None
