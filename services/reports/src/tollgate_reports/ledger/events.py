"""Reading `usage.recorded`: the published schema's rules, compiled.

Checking each event against the JSON Schema itself takes ten times as long as all that comes after
it. So an event is decoded into these types, which refuse whatever the schema refuses (a test
compares the two on generated events); only one that they refuse is held against the schema, which
has the last word and names the field.
"""

import functools
import re
from collections.abc import Iterable
from typing import Annotated, Any, Literal

import msgspec

from tollgate_common.events.cloudevents import MalformedEvent, read_event
from tollgate_common.tickets.book import USAGE
from tollgate_common.tickets.models import Status
from tollgate_common.usage_lines import Kind

Count = Annotated[int, msgspec.Meta(ge=0)]
Moment = Annotated[str, msgspec.Meta(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z$")]
TicketId = Annotated[
    str,
    msgspec.Meta(pattern="^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"),
]
RequestId = Annotated[str, msgspec.Meta(max_length=128)]
Something = Annotated[str, msgspec.Meta(min_length=1)]
Unit = Literal["token", "second", "page", "character", "search", "session", "request", "adjustment"]
Multiplier = Annotated[str, msgspec.Meta(pattern="^[0-9]+(\\.[0-9]+)?$")]


class Ticket(msgspec.Struct, gc=False):
    """Whose request it was."""

    id: TicketId
    request_id: RequestId
    org: str
    mode: Literal["live", "test"]
    endpoint: str
    dialect: Literal["openai", "anthropic"]
    model: str
    stream: bool
    opened_at: Moment
    project: str | None = None
    key: str | None = None
    user: str | None = None
    tags: dict[str, str] = {}
    client_request_id: RequestId | None = None


class Factor(msgspec.Struct, gc=False):
    """A multiplier of a line's price."""

    name: str
    factor: Multiplier


class Line(msgspec.Struct, gc=False):
    """One priced quantity, see `tollgate_common.usage_lines`. What prices and costs look like,
    `_are_amounts` checks: in less time than a pattern here, as most prices are seen again."""

    model: str
    kind: Kind
    quantity: int | float
    unit: Unit
    unit_price_usd: str | None
    cost_usd: str
    factors: list[Factor] = []


class Outcome(msgspec.Struct, gc=False):
    """What it used. Events of version 1 have no lines."""

    status: Status
    input_tokens: Count
    output_tokens: Count
    cost_nanos: Count
    estimated: bool
    provider: str | None = None
    provider_model: str | None = None
    http_status: int | None = None
    cached_input_tokens: Count = 0
    cache_write_tokens: Count = 0
    reasoning_tokens: Count = 0
    price: dict[str, Any] | None = None
    service_tier: str | None = None
    lines: list[Line] | None = None
    unpriced: bool = False
    capped: bool = False
    attempts: Count = 0
    latency_ms: Count = 0
    first_byte_ms: int | None = None
    error: str | None = None


class Usage(msgspec.Struct, gc=False):
    """The data of a `usage.recorded` event, as far as it is kept."""

    ticket: Ticket
    outcome: Outcome
    closed_at: Moment


class Event(msgspec.Struct, gc=False):
    """Its CloudEvent."""

    specversion: Literal["1.0"]
    id: Something
    source: Something
    type: Literal["usage.recorded"]
    data: Usage


_decode = msgspec.json.Decoder(Event).decode
_is_price = functools.lru_cache(maxsize=4096)(re.compile(r"^-?[0-9]+(\.[0-9]+)?$").search)
_is_cost = re.compile(r"^-?[0-9]+\.[0-9]{9}$").search


def read_usage(raw: bytes) -> Usage:
    """The event's data, checked; `MalformedEvent` says what is wrong with it."""
    try:
        usage = _decode(raw).data
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return _read_by_the_schema(raw)
    return usage if _are_amounts(usage.outcome.lines or ()) else _read_by_the_schema(raw)


def _are_amounts(lines: Iterable[Line]) -> bool:
    for line in lines:
        price = line.unit_price_usd
        if not (price is None or _is_price(price)) or not _is_cost(line.cost_usd):
            return False
    return True


def _read_by_the_schema(raw: bytes) -> Usage:
    event = read_event(raw)
    if event["type"] != USAGE:
        raise MalformedEvent(f"not {USAGE}")
    try:  # the schema takes 1.0 for an integer, as JSON Schema does
        return msgspec.convert(event["data"], Usage, strict=False)
    except msgspec.ValidationError as error:
        raise MalformedEvent(f"{USAGE}: {error}") from None
