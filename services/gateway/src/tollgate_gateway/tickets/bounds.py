"""The most that a request can use, known before it runs.

Input: a token is at least one byte of UTF-8, so the body's bytes bound its text, together with what
vendors add to it. A picture counts for the largest that the vendor publishes; what is no text, or
lies with the provider, for the model's context (see `inference.reach`). Output: the request's cap,
else the model's maximum, else the configured default, which the provider is then told; once for
every choice.

Of images and sound that are made neither is in the request: what is made of so many bytes, or said
in so many words, can be any length. There the bound is what the vendor publishes of its model: the
tokens of its largest image (and 100 more for each preview), its context for a recording, its
longest transcript. Where it publishes nothing, the bound is what the organisation states of its
model. Where nobody says anything, or the request goes beyond it (recordings cut into chunks,
animations, drawings), nothing holds: `UnboundedUse` under a limit that enforces.

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
from tollgate_gateway.parsed_requests.parsed_request import ParsedRequest
from tollgate_gateway.parsed_requests.reach import WORDS, Bounded, Reach, reach_of
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


class Reads(msgspec.Struct, frozen=True):
    """The most tokens that the model reads of one picture; of everything together, by what its
    vendor publishes (`context`) or the organisation states (`stated`). None: nobody says."""

    image: int | None = None
    context: int | None = None
    stated: int | None = None


class ModelFacts(msgspec.Struct, frozen=True):
    """What llm knows of a model that bounds a request's cost. None: unknown."""

    max_output_tokens: int | None = None
    price: Price | None = None
    media: Media = Media()
    reads: Reads = Reads()


class UnboundedUse(BadRequest):
    """A limit on tokens or cost applies, and nothing bounds what the request may use."""

    code = "unbounded_request"

    def __init__(self, model: str, what: str = "") -> None:
        told = f" with `{what}` in it: leave that out" if what else ""
        super().__init__(
            f"A limit on tokens or cost applies, and nobody says how much a request like this to "
            f"`{model}` can use{told}. Or use a model with a published maximum, in a form that it "
            "covers, state your own model's with PUT /api/v1/models, or use a key without such a "
            "limit.",
            param=what.partition(":")[0] or "model",
        )


class UnpricedModel(BadRequest):
    """A cost limit applies and nobody knows what the model costs: it is not free, so it waits."""

    code = "unpriced_model"

    def __init__(self, model: str) -> None:
        super().__init__(
            f"`{model}` has no price as it is to be processed, and a cost limit applies: set one "
            "with PUT /api/v1/models, or ask for the usual `service_tier`, `speed` and "
            "`inference_geo`.",
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
        self._known: OrderedDict[tuple[str, str, str, str | None], _Known] = OrderedDict()

    def bound(self, principal: Principal, asked: ParsedRequest, body: bytes) -> UpperBound:
        if asked.medium == "free":
            return FREE
        reach = reach_of(body) if asked.medium == "text" else WORDS
        facts = self._facts(principal, asked.model, reach.tier)
        return self._by(facts, asked, reach, len(body))

    def guess(self, principal: Principal, asked: ParsedRequest, body_bytes: int) -> UpperBound:
        """The same where no limit goes by it, and so nothing is refused for want of facts, nor the
        request read for more. It is what the request is booked at if it is lost."""
        if asked.medium == "free":
            return FREE
        try:
            facts = self._facts(principal, asked.model, None)
        except DependencyDown:
            facts = ModelFacts()
        return self._by(facts, asked, WORDS, body_bytes)

    def _by(
        self, facts: ModelFacts, asked: ParsedRequest, reach: Reach, body_bytes: int
    ) -> UpperBound:
        read, wrote = self._most(asked, facts, reach, body_bytes)
        holds = read is not None and wrote is not None
        read = body_bytes if read is None else read
        wrote = asked.usual_cap(self._default) * asked.answers() if wrote is None else wrote
        cost = None
        if facts.price is not None:
            cost = cost_nanos(
                (read, facts.price.input_usd_per_mtok), (wrote, facts.price.output_usd_per_mtok)
            )
            cost = min(cost, LARGEST)
        capped = asked.medium != "text" or asked.output_cap() or facts.max_output_tokens
        return UpperBound(
            tokens=min(read + wrote, LARGEST),
            cost_nanos=cost,
            holds=holds,
            cap=None if capped else asked.usual_cap(self._default),
            what=reach.what or ("image" if reach.images else ""),
        )

    def _most(
        self, asked: ParsedRequest, facts: ModelFacts, reach: Reach, body_bytes: int
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
        if asked.medium == "vector":
            return body_bytes, 0
        usual = asked.usual_cap(self._default)
        cap = asked.output_cap() or facts.max_output_tokens or usual
        return _read(facts.reads, reach, body_bytes), (cap + reach.guessed) * asked.answers()

    def _facts(self, principal: Principal, model: str, tier: str | None) -> ModelFacts:
        name = (principal.org, principal.mode, model, tier)
        known = self._known.get(name)
        if known is None or known.until < time.monotonic():
            until = time.monotonic() + REMEMBER_SECONDS
            known = _Known(self._fetch(principal, model, tier), until)
            self._known[name] = known
            while len(self._known) > ENTRIES:
                self._known.popitem(last=False)
        return known.facts

    def _fetch(self, principal: Principal, model: str, tier: str | None) -> ModelFacts:
        headers = {"Authorization": f"Bearer {principal.assertion}"}
        path = f"/internal/v1/models/{quote(model, safe='')}"
        if tier is not None:
            path += f"?tier={quote(tier, safe='')}"
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


def _read(reads: Reads, reach: Reach, body_bytes: int) -> int | None:
    """Tokens of input; None: nothing bounds them. Of two numbers for the same the higher holds."""
    words = body_bytes + reach.added
    if reach.bounded is Bounded.NOTHING:
        return None
    if reach.bounded is Bounded.STATED:
        return reads.stated and max(words, reads.stated)
    counted = reads.image is not None or not reach.images
    seen = words + reach.images * (reads.image or 0)
    if reach.bounded is Bounded.BYTES and counted:
        return seen
    whole = max(reads.context or 0, reads.stated or 0)
    return max(whole, seen) if whole else None
