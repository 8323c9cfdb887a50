"""From a usage event to a ledger row, in the form in which PostgreSQL takes rows fastest: a line
of its COPY text format."""

import functools
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from tollgate_common.events.cloudevents import MalformedEvent
from tollgate_common.money import usd_text
from tollgate_reports.ledger.events import Usage, read_usage

COLUMNS = (
    "id", "request_id", "org", "project", "key", "user", "mode", "endpoint", "dialect", "model",
    "stream", "tags", "opened_at", "closed_at", "status", "provider", "provider_model",
    "http_status", "input_tokens", "output_tokens", "cached_input_tokens", "cache_write_tokens",
    "reasoning_tokens", "cost", "price", "lines", "service_tier", "unpriced", "capped",
    "estimated", "attempts", "latency_ms", "first_byte_ms", "error", "client_request_id",
)  # fmt: skip

_NULL = r"\N"
_encode = msgspec.json.Encoder().encode
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
_DAY_MS = 86_400_000


class Row(NamedTuple):
    """A row of the ledger: the month it belongs to, and its COLUMNS as a line of COPY."""

    month: datetime
    line: bytes


def ledger_row(raw: bytes) -> Row:
    """The row of a `usage.recorded` event; `MalformedEvent` for anything else. Whether each value
    fits its column is for the database to say."""
    try:
        usage = read_usage(raw)
        return Row(month_of(usage.ticket.id), _line(usage).encode())
    except MalformedEvent:
        raise
    except (ValueError, ArithmeticError) as error:  # digits without end, half a character
        raise MalformedEvent(f"cannot be written down: {type(error).__name__}") from None


def _line(usage: Usage) -> str:
    ticket, outcome = usage.ticket, usage.outcome
    tags = _json(ticket.tags) if ticket.tags else "{}"
    price = _NULL if outcome.price is None else _json(outcome.price)
    lines = _NULL if outcome.lines is None else _json(outcome.lines)
    return (
        f"{ticket.id}\t{_text(ticket.request_id)}\t{_text(ticket.org)}\t{_text(ticket.project)}\t"
        f"{_text(ticket.key)}\t{_text(ticket.user)}\t{ticket.mode}\t{_text(ticket.endpoint)}\t"
        f"{ticket.dialect}\t{_text(ticket.model)}\t{ticket.stream}\t{tags}\t"
        f"{_moment('opened_at', ticket.opened_at)}\t{_moment('closed_at', usage.closed_at)}\t"
        f"{outcome.status}\t{_text(outcome.provider)}\t{_text(outcome.provider_model)}\t"
        f"{_number(outcome.http_status)}\t{outcome.input_tokens}\t{outcome.output_tokens}\t"
        f"{outcome.cached_input_tokens}\t{outcome.cache_write_tokens}\t"
        f"{outcome.reasoning_tokens}\t{usd_text(outcome.cost_nanos)}\t{price}\t{lines}\t"
        f"{_text(outcome.service_tier)}\t{outcome.unpriced}\t{outcome.capped}\t"
        f"{outcome.estimated}\t{outcome.attempts}\t{outcome.latency_ms}\t"
        f"{_number(outcome.first_byte_ms)}\t{_text(outcome.error)}\t"
        f"{_text(ticket.client_request_id)}\n"
    )


def _text(value: str | None) -> str:
    """What COPY takes for a special character is never printable, but for the backslash."""
    if value is None:
        return _NULL
    if value.isprintable() and "\\" not in value:
        return value
    return value.translate(_ESCAPES)


def _number(value: int | None) -> str:
    return _NULL if value is None else str(value)


def _moment(name: str, text: str) -> str:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise MalformedEvent(f"{name} is no moment in time") from None
    return text


def _json(value: object) -> str:
    """In JSON every other special character is escaped, by a backslash."""
    return _encode(value).decode().replace("\\", r"\\")


def month_of(ticket_id: str) -> datetime:
    """The first moment of the month (UTC) in which a UUIDv7, in its canonical form, was made."""
    if len(ticket_id) != 36:  # a pattern's end is also before a last newline
        raise MalformedEvent("ticket.id is no UUID")
    return _month_of_day(int(ticket_id[:8] + ticket_id[9:13], 16) // _DAY_MS)


@functools.lru_cache(1000)
def _month_of_day(day: int) -> datetime:
    try:
        made_at = datetime.fromtimestamp(day * _DAY_MS / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        raise MalformedEvent("ticket.id is of no year we can write") from None
    return made_at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def month_of_request(identity: str) -> datetime | None:
    """The month in which a request was made, by its ticket's id or by our own request id (`req_`
    and a UUIDv7 in hex). None for an id that does not tell."""
    try:
        made = UUID(identity.removeprefix("req_"))
        return month_of(str(made)) if made.version == 7 else None
    except ValueError:
        return None


def first_uuid(moment: datetime) -> UUID:
    """The lowest id that can have been made at `moment`: the bound of a partition."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)
