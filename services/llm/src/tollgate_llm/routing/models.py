"""What routing knows: an organisation as it is stored, as it is used, and one way to go."""

from decimal import Decimal
from typing import Literal

import msgspec

from tollgate_common.principal import folded
from tollgate_common.unsupported import Unsupported
from tollgate_llm.pricing.tariffs import Tariff
from tollgate_llm.providers.kinds import Capabilities, Cloud, Kind, Provider

Strategy = Literal["fallback", "weighted", "least_latency"]


class StoredProvider(msgspec.Struct, frozen=True):
    """`sealed` is the credential as the vault gave it."""

    name: str
    kind: Kind
    base_url: str
    sealed: bytes | None
    cloud: Cloud | None = None
    capabilities: Capabilities | None = None


class Route(msgspec.Struct, frozen=True):
    """One way to a model: the provider, and the model's name there."""

    provider: str
    model: str
    weight: int = 1


class StoredPrice(msgspec.Struct, frozen=True):
    input_usd_per_mtok: Decimal
    output_usd_per_mtok: Decimal
    cached_input_usd_per_mtok: Decimal | None = None
    cache_write_usd_per_mtok: Decimal | None = None


class StoredCache(msgspec.Struct, frozen=True):
    max_age: int


class StoredModel(msgspec.Struct, frozen=True):
    name: str
    routes: list[Route]
    strategy: Strategy
    price: StoredPrice | None = None
    cache: StoredCache | None = None
    max_input_tokens: int | None = None
    max_output_tokens: int | None = None
    unsupported: Unsupported | None = None


class Stored(msgspec.Struct, frozen=True):
    """An organisation's rows."""

    providers: list[StoredProvider]
    models: list[StoredModel]


class Model(msgspec.Struct, frozen=True):
    """A model that the organisation has set up; `tariff` only where it set a price, the maxima and
    `unsupported` where it stated them. Answers are cached for `cache_seconds`; None: for those who
    ask."""

    name: str
    routes: tuple[Route, ...]
    strategy: Strategy
    tariff: Tariff | None
    cache_seconds: int | None = None
    max_input_tokens: int | None = None
    max_output_tokens: int | None = None
    unsupported: Unsupported | None = None


class Candidate(msgspec.Struct, frozen=True):
    """One provider that may answer, what the model is called there, and what it costs; a tariff
    of None: nobody knows. `vendor` is whose price list holds; `has_own_price` says that the
    organisation has set the tariff itself. `weight` is for the strategy `weighted`."""

    provider: Provider
    model: str
    tariff: Tariff | None
    weight: int = 1
    vendor: str = ""
    has_own_price: bool = False


class Snapshot(msgspec.Struct):
    """An organisation as requests use it. `found` remembers candidates by mode and model, until
    the moment given with them."""

    org: str
    providers: dict[str, Provider]
    models: dict[str, Model]
    found: dict[tuple[str, str], tuple[float, tuple[Candidate, ...]]] = {}
    by_folded_name: dict[str, Model] = {}

    def __post_init__(self) -> None:
        for name in sorted(self.models):
            self.by_folded_name.setdefault(folded(name), self.models[name])

    def own(self, name: str) -> Model | None:
        """Return what the organisation has set up under this name, else under one that differs in
        its case only."""
        return self.models.get(name) or self.by_folded_name.get(folded(name))
