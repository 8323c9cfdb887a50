"""The most that a request can use, known before it runs.

Input: a token is at least one byte of UTF-8, so the body's bytes bound its text. Output: the
request's cap, else the model's maximum, else the configured default; once for every choice.

Of images and sound neither is in the request: what is made of so many bytes, or said in so many
words, can be any length. There the bound is what the vendor publishes of its model: the tokens of
its largest image (and 100 more for each preview), its context for a recording, its longest
transcript. Where it publishes nothing, the bound is what the organisation states of its model.
Where nobody says anything, or the request goes beyond it (recordings cut into chunks, animations,
drawings), nothing holds: `UnboundedUse` under a limit that enforces.

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
PREVIEW_TOKENS = 100
LARGEST = 2**52
"""Beyond every limit, and still exact where Redis counts."""


class Price(msgspec.Struct, frozen=True):
    """US dollars per million tokens."""

    input_usd_per_mtok: Decimal
    output_usd_per_mtok: Decimal


class Media(msgspec.Struct, frozen=True):
    """The most tokens that the model makes of one image or one speech, hears of one recording, and
    writes of it. None: neither published nor stated."""

    image: int | None = None
    speech: int | None = None
    recording: int | None = None
    transcript: int | None = None


class ModelFacts(msgspec.Struct, frozen=True):
    """What llm knows of a model that bounds a request's cost. None: unknown."""

    max_output_tokens: int | None = None
    price: Price | None = None
    media: Media = Media()


class UnboundedUse(BadRequest):
    """A limit on tokens or cost applies, and nothing bounds what the request may use."""

    code = "unbounded_request"

    def __init__(self, model: str) -> None:
        super().__init__(
            f"A limit on tokens or cost applies, and nobody says how much such a request to "
            f"`{model}` can use. Use a model with a published maximum, in a form that it covers, "
            "state your own model's with PUT /api/v1/models, or use a key without such a limit.",
            param="model",
        )


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


FREE = UpperBound(0, 0)
_decode = msgspec.json.Decoder(ModelFacts).decode


class Bounds:
    """Asks llm for a model's facts and bounds requests by them."""

    def __init__(self, llm: RelayClient, default_max_output_tokens: int) -> None:
        self._llm = llm
        self._default = default_max_output_tokens
        self._known: OrderedDict[tuple[str, str, str], _Known] = OrderedDict()

    def bound(self, principal: Principal, asked: Peek, body_bytes: int) -> UpperBound:
        if asked.medium == "free":
            return FREE
        return self._by(self._facts(principal, asked.model), asked, body_bytes)

    def guess(self, principal: Principal, asked: Peek, body_bytes: int) -> UpperBound:
        """The same where no limit goes by it, and so nothing is refused for want of facts. It is
        what the request is booked at if it is lost."""
        if asked.medium == "free":
            return FREE
        try:
            facts = self._facts(principal, asked.model)
        except DependencyDown:
            facts = ModelFacts()
        return self._by(facts, asked, body_bytes)

    def _by(self, facts: ModelFacts, asked: Peek, body_bytes: int) -> UpperBound:
        read, wrote = self._most(asked, facts, body_bytes)
        holds = read is not None and wrote is not None
        read = body_bytes if read is None else read
        wrote = self._default * asked.answers() if wrote is None else wrote
        cost = None
        if facts.price is not None:
            cost = cost_nanos(
                (read, facts.price.input_usd_per_mtok), (wrote, facts.price.output_usd_per_mtok)
            )
        if cost is not None:
            cost = min(cost, LARGEST)
        return UpperBound(tokens=min(read + wrote, LARGEST), cost_nanos=cost, holds=holds)

    def _most(
        self, asked: Peek, facts: ModelFacts, body_bytes: int
    ) -> tuple[int | None, int | None]:
        """Tokens of input and output; None: nothing bounds them."""
        media = facts.media if asked.is_bounded() else Media()
        if asked.medium == "transcript":
            return media.recording, media.transcript
        if asked.medium == "speech":
            return body_bytes, media.speech
        if asked.medium == "image":
            each = media.image and media.image + PREVIEW_TOKENS * asked.previews()
            return body_bytes, each and each * asked.answers()
        # A cap below zero would add to what is left, for as long as the request takes.
        cap = max(0, asked.output_cap() or 0) or facts.max_output_tokens or self._default
        return body_bytes, cap * asked.answers()

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
