"""The most that a request can use, known before it runs.

Input: a token is at least one byte of UTF-8, so the body's bytes bound its text. Output: the
request's cap, else the model's maximum, else the configured default; once for every choice.
Prices and maxima are llm's to know; they are asked for only when a limit needs them, and
remembered for a short while.
"""

import time
from collections import OrderedDict
from decimal import Decimal
from typing import NamedTuple
from urllib.parse import quote

import msgspec

from tollgate_common.errors import BadRequest, DependencyDown
from tollgate_common.money import cost_nanos
from tollgate_common.principal import Principal
from tollgate_common.relay import RelayClient, RelayFailed
from tollgate_gateway.inference.peek import Peek
from tollgate_gateway.tickets.reservations import UpperBound

REMEMBER_SECONDS = 10.0
ENTRIES = 10_000


class Price(msgspec.Struct, frozen=True):
    """US dollars per million tokens."""

    input_usd_per_mtok: Decimal
    output_usd_per_mtok: Decimal


class ModelFacts(msgspec.Struct, frozen=True):
    """What llm knows of a model that bounds a request's cost. None: unknown."""

    max_output_tokens: int | None = None
    price: Price | None = None


class UnpricedModel(BadRequest):
    """A cost limit applies and nobody knows what the model costs: it is not free, so it waits."""

    code = "unpriced_model"

    def __init__(self, model: str) -> None:
        super().__init__(
            f"`{model}` has no price, and a cost limit applies: set one with PUT /api/v1/models.",
            param="model",
        )


class _Known(NamedTuple):
    facts: ModelFacts
    until: float


_decode = msgspec.json.Decoder(ModelFacts).decode


class Bounds:
    """Asks llm for a model's facts and bounds requests by them."""

    def __init__(self, llm: RelayClient, default_max_output_tokens: int) -> None:
        self._llm = llm
        self._default = default_max_output_tokens
        self._known: OrderedDict[tuple[str, str, str], _Known] = OrderedDict()

    def bound(self, principal: Principal, asked: Peek, body_bytes: int) -> UpperBound:
        facts = self._facts(principal, asked.model)
        cap = asked.output_cap() or facts.max_output_tokens or self._default
        output = cap * max(1, asked.n or 1)
        cost = None
        if facts.price is not None:
            cost = cost_nanos(
                (body_bytes, facts.price.input_usd_per_mtok),
                (output, facts.price.output_usd_per_mtok),
            )
        return UpperBound(tokens=body_bytes + output, cost_nanos=cost)

    def _facts(self, principal: Principal, model: str) -> ModelFacts:
        name = (principal.org, principal.mode, model)
        known = self._known.get(name)
        if known is None or known.until < time.monotonic():
            known = _Known(self._fetch(principal, model), time.monotonic() + REMEMBER_SECONDS)
            self._known[name] = known
            while len(self._known) > ENTRIES:
                self._known.popitem(last=False)
        return known.facts

    def _fetch(self, principal: Principal, model: str) -> ModelFacts:
        headers = {"Authorization": f"Bearer {principal.assertion}"}
        path = f"/internal/v1/models/{quote(model, safe='')}"
        try:
            answer = self._llm.send("GET", path, b"", headers)
            body = answer.read()
        except RelayFailed:
            raise DependencyDown("llm") from None
        if answer.status == 404:
            return ModelFacts()
        if answer.status != 200:
            raise DependencyDown("llm")
        return _decode(body)
