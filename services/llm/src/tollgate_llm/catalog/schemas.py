"""What the management API takes and gives for models."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from tollgate_common.unsupported import Unsupported

Source = Literal["organisation", "vendor"]
Strategy = Literal["fallback", "weighted", "least_latency"]

_USD_AS_JSON = {
    "anyOf": [
        {"type": "string", "pattern": r"^[0-9]{1,6}(\.[0-9]{1,9})?$"},
        {"type": "number", "minimum": 0, "exclusiveMaximum": 1_000_000},
    ],
    "example": "0.15",
}
UsdPerMtok = Annotated[
    Decimal,
    Field(ge=0, lt=1_000_000, decimal_places=9, allow_inf_nan=False),
    WithJsonSchema(_USD_AS_JSON),
    PlainSerializer(lambda value: f"{value:f}", return_type=str),
]


LONGEST_SECONDS = 30 * 86400
Tokens = Annotated[int, Field(ge=1, le=1_000_000_000)]


class Price(BaseModel):
    """US dollars per million tokens, as decimal strings."""

    model_config = ConfigDict(extra="forbid")

    input_usd_per_mtok: UsdPerMtok
    output_usd_per_mtok: UsdPerMtok
    cached_input_usd_per_mtok: UsdPerMtok | None = None
    cache_write_usd_per_mtok: UsdPerMtok | None = None


class Route(BaseModel):
    """One way to the model: a provider, and the model's name there. `weight` counts for the
    strategy `weighted`."""

    model_config = ConfigDict(extra="forbid")

    provider: str = Field(min_length=1, max_length=64)
    model: str = Field(min_length=1, max_length=256)
    weight: int = Field(1, ge=1, le=1000)


class RouteOut(Route):
    """`health`: `resting` after errors, `down` when it takes no connection, `probing` after either,
    as far as the process that answers knows; None in lists. `until` is the end of the pause.
    `first_byte_seconds`: how long its answers took to begin lately."""

    health: Literal["healthy", "resting", "down", "probing"] | None = None
    until: str | None = None
    first_byte_seconds: float | None = None


class Cache(BaseModel):
    """Answers to the same request are given again for `max_age` seconds. A request's own
    `x-tollgate-cache` goes before it: another `max-age`, or `no-store`."""

    model_config = ConfigDict(extra="forbid")

    max_age: int = Field(ge=1, le=LONGEST_SECONDS)


class ModelIn(BaseModel):
    """`price` takes the place of the list price; null: the list price holds. `cache`: null: only
    for requests that ask. `max_output_tokens` is the most that the model makes: of one answer, one
    image, one speech or one transcript; `max_input_tokens` the most that it hears of one recording,
    or reads for one answer, with all that the vendor's own tools bring in. They bound what a
    request may use where its vendor publishes nothing, so that a key with a budget can call the
    model: what is stated must be true. `unsupported`: whether requests with fields that a
    translation cannot say are refused, or the fields left out, where the key does not state it;
    null: the organisation's setting holds."""

    model_config = ConfigDict(extra="forbid")

    routes: list[Route] = Field(min_length=1, max_length=16)
    strategy: Strategy = "fallback"
    price: Price | None = None
    cache: Cache | None = None
    max_input_tokens: Tokens | None = None
    max_output_tokens: Tokens | None = None
    unsupported: Unsupported | None = None


class ModelQuery(BaseModel):
    name: str | None = Field(None, description="Only the model of this name.")
    provider: str | None = Field(None, description="Only models with a route to this provider.")
    strategy: Strategy | None = Field(None, description="Only models of this strategy.")
    source: Source | None = Field(
        None, description="Only those set up by the organisation, or not."
    )


class ModelOut(BaseModel):
    """`source`: set up by the organisation, or known from the vendor's price list. `price` is the
    one that holds; null: nobody knows it. `unsupported` null: the model does not state it."""

    name: str
    routes: list[RouteOut]
    strategy: Strategy
    price: Price | None
    cache: Cache | None = None
    max_input_tokens: int | None = None
    max_output_tokens: int | None = None
    unsupported: Unsupported | None = None
    source: Source


class ModelList(BaseModel):
    data: list[ModelOut]
    next_cursor: str | None = None
