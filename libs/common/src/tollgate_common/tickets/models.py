"""What goes into a ticket and what comes out: the two halves of a usage event."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec

from tollgate_common.usage_lines import UNITS, Kind, UsageLine, priced_line

Metric = Literal["requests", "tokens", "cost_usd", "concurrency"]
Status = Literal["ok", "client_closed", "provider_error", "lost"]

_OUTPUT_KINDS = frozenset(kind for kind in UNITS if kind.endswith("output"))


class Attribution(msgspec.Struct, frozen=True, kw_only=True):
    """Whose request it is; known when the ticket opens. Times are RFC 3339 UTC.
    `client_request_id` is the id that the caller gave to its request."""

    id: str
    request_id: str
    org: str
    mode: str
    endpoint: str
    dialect: str
    model: str
    stream: bool
    opened_at: str
    project: str | None = None
    key: str | None = None
    user: str | None = None
    tags: dict[str, str] = {}
    client_request_id: str | None = None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What the request used; known when the ticket closes. `cost_nanos` is nano-dollars.
    `input_tokens` is everything that was read; those from a cache and those written to one are
    parts of it. `estimated` says that the figures are not the provider's own.

    `lines` are what is billed; `cost_nanos` is the sum of their costs. `unpriced` says that the
    price of one of them is not known, `capped` that the provider reported more than is possible.
    `service_tier` is how the provider says the request was processed, None the usual way."""

    status: Status
    provider: str | None = None
    provider_model: str | None = None
    http_status: int | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    cost_nanos: int = 0
    price: dict[str, str] | None = None
    service_tier: str | None = None
    lines: tuple[UsageLine, ...] | None = None
    unpriced: bool = False
    capped: bool = False
    estimated: bool = False
    attempts: int = 0
    latency_ms: int = 0
    first_byte_ms: int | None = None
    error: str | None = None


class ReservedLine(NamedTuple):
    """One priced quantity of what is reserved. `unit_price_usd` is the highest that can apply to
    it, in US dollars for one unit; None: nobody knows it. `model` is empty for the ticket's own."""

    kind: Kind
    quantity: int
    unit_price_usd: str | None
    model: str = ""


class Bound(NamedTuple):
    """The most that a request can use, or, where nothing bounds it, what it may well use: how it
    is booked when nobody lives to say what it did use. Nano-dollars; 0 without a known price.

    `lines` are what it is made of: their costs make `cost_nanos`, their tokens `tokens`. There are
    none where the figures are beyond what can be counted."""

    tokens: int = 0
    cost_nanos: int = 0
    lines: tuple[ReservedLine, ...] = ()

    @property
    def output_tokens(self) -> int:
        """The tokens of output, of every model."""
        return sum(line.quantity for line in self.lines if line.kind in _OUTPUT_KINDS)

    @property
    def input_tokens(self) -> int:
        """The tokens of input, of every model; all of them where there are no lines."""
        return self.tokens - self.output_tokens

    def usage_lines(self, model: str) -> tuple[UsageLine, ...]:
        """Return the lines as they are booked, of this model where they name none."""
        return tuple(
            priced_line(line.model or model, line.kind, line.quantity, line.unit_price_usd)
            for line in self.lines
        )


UNKNOWN = Bound()


class Reservation(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """One limit that applies to a request, and how much of it the request may use at most. The
    scripts read it by the order of its fields.

    `kind` is how it counts: `window` until a calendar window ends (or for ever), `bucket`
    refilling continuously over `period_ms`, `gauge` while the ticket is open. `max` and `amount`
    are whole units: requests, tokens, or nano-dollars for cost, below 2^53. `about` is what the
    limit's events say beside that: the rest of a JSON object, from a comma on.
    """

    limit: str
    counter: str
    kind: Literal["window", "bucket", "gauge"]
    metric: Metric
    max: int
    amount: int
    enforce: bool = True
    period_ms: int = 0
    expires_at_ms: int = 0
    about: str = ""


class Hold(NamedTuple):
    """What a ticket holds while it is open."""

    bound: Bound
    reservations: Sequence[Reservation]

    def counters(self) -> list[str]:
        """Those on which its close settles something: a request is used when it is accepted."""
        return [held.counter for held in self.reservations if held.metric != "requests"]
