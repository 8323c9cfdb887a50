"""What llm knows of a model that bounds what a request to it can use.

llm is asked only when a limit or the books need it, and its answers are remembered for a short
while. llm away means `DependencyDown`: nothing is reserved by old facts.
"""

import time
from collections import OrderedDict
from collections.abc import Iterable
from decimal import Decimal
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import quote, urlencode

import msgspec

from tollgate_common.errors import DependencyDown
from tollgate_common.principal import Principal
from tollgate_common.relay import RelayClient, RelayFailed
from tollgate_gateway.inference.errors import ModelNotFound

CACHE_SECONDS = 10.0
MAX_CACHED_MODELS = 10_000


class PriceTier(msgspec.Struct, frozen=True):
    """A price that holds for requests of more than so many input tokens."""

    above: int
    input_usd_per_mtok: Decimal
    output_usd_per_mtok: Decimal


class Price(msgspec.Struct, frozen=True):
    """The highest price of a token, in US dollars per million. `tiers` say from how many input
    tokens on which price holds, the lowest first; without them it holds for every request."""

    input_usd_per_mtok: Decimal
    output_usd_per_mtok: Decimal
    tiers: tuple[PriceTier, ...] = ()

    def of_up_to(self, input_tokens: int) -> "Price":
        """Return the highest price of a request of no more than so many input tokens."""
        reached = [tier for tier in self.tiers if tier.above < max(1, input_tokens)]
        if len(reached) == len(self.tiers):
            return self
        return Price(
            input_usd_per_mtok=max(tier.input_usd_per_mtok for tier in reached),
            output_usd_per_mtok=max(tier.output_usd_per_mtok for tier in reached),
        )


class MediaMaxima(msgspec.Struct, frozen=True):
    """The most tokens that the model makes of one image or one speech, hears of one recording, and
    writes of it. None: neither published nor stated."""

    image: int | None = None
    speech: int | None = None
    recording: int | None = None
    transcript: int | None = None


class InputMaxima(msgspec.Struct, frozen=True):
    """The most tokens that the model reads of one picture; of everything together, by what its
    vendor publishes (`context`) or the organisation states (`stated`). None: nobody says."""

    image: int | None = None
    context: int | None = None
    stated: int | None = None


class OtherModelFacts(msgspec.Struct, frozen=True):
    """The facts of a model that a provider may ask beside the request's own. A field is None where
    llm does not know it."""

    price: Price | None = None
    context: int | None = None


class ModelFacts(msgspec.Struct, frozen=True):
    """What llm knows of a model. None: unknown. `fees` are the highest prices, in US dollars, of
    what is charged by the piece, by the kind of its line; `requests` is charged for every call.
    `others` are the other models that were asked about, by name."""

    max_output_tokens: int | None = None
    price: Price | None = None
    media: MediaMaxima = MediaMaxima()
    reads: InputMaxima = InputMaxima()
    fees: dict[str, Decimal] = {}
    others: dict[str, OtherModelFacts] = {}


_Key = tuple[str, str, str, str | None, tuple[str, ...]]
"""Organisation, mode, model, tier and other models."""


class _Cached(NamedTuple):
    facts: ModelFacts
    expires_at: float


class _Problem(msgspec.Struct, frozen=True):
    """The fields of an error that llm answers about a model."""

    code: str
    detail: str


_decode = msgspec.json.Decoder(ModelFacts).decode
_decode_problem = msgspec.json.Decoder(_Problem).decode


class ModelFactsClient:
    """Asks llm for the facts of a model, and caches them for each organisation and mode. That llm
    does not know a model is not cached, since it may be set up at any moment."""

    def __init__(self, llm: RelayClient) -> None:
        self._llm = llm
        self._cache: OrderedDict[_Key, _Cached] = OrderedDict()

    def get(
        self,
        principal: Principal,
        model: str,
        tier: str | None = None,
        others: tuple[str, ...] = (),
    ) -> ModelFacts:
        """Return the facts of a model, priced as it is processed in this tier; None: as usual; and
        of the models that its providers may ask beside it."""
        key = (principal.org, principal.mode, model, tier, others)
        cached = self._cache.get(key)
        if cached is None or cached.expires_at < time.monotonic():
            expires_at = time.monotonic() + CACHE_SECONDS
            path = _path(model, tier, others)
            cached = _Cached(self._fetch(principal, model, path), expires_at)
            self._cache[key] = cached
            while len(self._cache) > MAX_CACHED_MODELS:
                self._cache.popitem(last=False)
        return cached.facts

    def _fetch(self, principal: Principal, model: str, path: str) -> ModelFacts:
        headers = {"Authorization": f"Bearer {principal.assertion}"}
        try:
            answer = self._llm.send("GET", path, b"", headers)
            body = answer.read()
        except RelayFailed:
            raise DependencyDown("llm") from None
        if answer.status == HTTPStatus.NOT_FOUND:
            raise ModelNotFound(model, _detail(body))
        if answer.status != HTTPStatus.OK:
            raise DependencyDown("llm")
        return _decode(body)


def _path(model: str, tier: str | None, others: Iterable[str]) -> str:
    query = [("tier", tier)] if tier is not None else []
    query += [("other", other) for other in sorted(set(others))]
    path = f"/internal/v1/models/{quote(model, safe='')}"
    return f"{path}?{urlencode(query)}" if query else path


def _detail(problem: bytes) -> str | None:
    """Return what llm says of a model that it does not know, or None if it speaks of anything
    else."""
    try:
        decoded = _decode_problem(problem)
    except msgspec.MsgspecError:
        return None
    return decoded.detail if decoded.code == ModelNotFound.code else None
