"""The most that a request can use, known before it runs.

Input: its text (see `parsed_requests.input_bound`), a picture at the largest that the vendor
publishes, and what is no text, or lies with the provider, at the model's context. Output: the
request's cap, else the model's maximum, else the configured default, which the provider is then
told; once for every choice.

The size of an image or a sound that is made is not in the request: an image of so many bytes, or a
speech of so many words, can come to any number of tokens. There the bound is what the vendor
publishes of its model: the tokens of its largest image (and 100 more for each preview), its context
for a recording, its longest transcript. Where it publishes nothing, the bound is what the
organisation states of its model. Where nobody says anything, or the request goes beyond it
(recordings cut into chunks, animations, drawings), nothing holds, and a limit that enforces refuses
the request.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from tollgate_common.tickets import Bound, ReservedLine
from tollgate_common.usage_lines import Kind, line_cost_nanos
from tollgate_gateway.parsed_requests.input_bound import BoundSource, InputBound
from tollgate_gateway.parsed_requests.parsed_request import Medium, ParsedRequest
from tollgate_gateway.tickets.model_facts import MediaMaxima, ModelFacts, OtherModelFacts, Price
from tollgate_gateway.tickets.other_bounds import OtherBound, bound_other
from tollgate_gateway.tickets.prices import MAX_AMOUNT, token_prices

PREVIEW_TOKENS = 100
_FREE = Price(input_usd_per_mtok=Decimal(0), output_usd_per_mtok=Decimal(0))


@dataclass(frozen=True, kw_only=True, slots=True)
class UpperBound:
    """The most that a request can use.

    `price` is the highest that can apply to its tokens; None: nobody knows it. `holds` says whether
    the figures are a bound at all; else they are what such a request may well use, and no limit can
    refuse by them. `cap` is the number of output tokens of each answer that the provider has to be
    told, because nothing else bounds them. `field` names the part of the request that goes beyond
    its text. `kinds` are what its tokens of input and of output are booked as. `fees` are what is
    charged by the piece, `others` what other models may use at their own prices; `unbounded_fee`
    names the part of the request that may bring any number of fees, and `unpriced_fee` the fee or
    other model that nobody knows the price of: no limit on cost can go by those."""

    input_tokens: int
    output_tokens: int
    price: Price | None = None
    holds: bool = True
    cap: int | None = None
    field: str = ""

    kinds: tuple[Kind, Kind] = ("input", "output")
    fees: tuple[ReservedLine, ...] = ()
    others: tuple[ReservedLine, ...] = ()
    unbounded_fee: str = ""
    unpriced_fee: str = ""

    @property
    def tokens(self) -> int:
        """All tokens together, of every model."""
        return min(self._tokens(), MAX_AMOUNT)

    @property
    def cost_nanos(self) -> int | None:
        """The cost in nano-dollars; None without a price."""
        return None if self.price is None else min(_cost_nanos(self._lines()), MAX_AMOUNT)

    def booked(self) -> Bound:
        """Return what the ticket is booked at if nobody lives to close it."""
        lines = self._lines()
        cost = _cost_nanos(lines)
        if max(cost, self._tokens()) > MAX_AMOUNT:
            return Bound(self.tokens, min(cost, MAX_AMOUNT))
        return Bound(self.tokens, cost, lines)

    def _tokens(self) -> int:
        others = sum(line.quantity for line in self.others)
        return self.input_tokens + self.output_tokens + others

    def _lines(self) -> tuple[ReservedLine, ...]:
        read, written = self.kinds
        prices = token_prices(self.price)
        lines = (
            ReservedLine(read, self.input_tokens, prices[0]),
            ReservedLine(written, self.output_tokens, prices[1]),
        )
        return (*(line for line in lines if line.quantity), *self.others, *self.fees)


def _cost_nanos(lines: Iterable[ReservedLine]) -> int:
    return sum(line_cost_nanos(line.quantity, line.unit_price_usd) for line in lines)


NOTHING = UpperBound(input_tokens=0, output_tokens=0, price=_FREE)
"""The upper bound of a request that costs nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Case:
    """A request with all that bounds it. `media` are its model's maxima, if they hold for it."""

    request: ParsedRequest
    read: InputBound
    facts: ModelFacts
    media: MediaMaxima
    default_cap: int


_Tokens = tuple[int | None, int | None]
"""The most tokens of input and of output. None: nothing bounds them."""


def upper_bound(
    request: ParsedRequest, read: InputBound, facts: ModelFacts, default_cap: int
) -> UpperBound:
    """Return the most that the request can use, by what is known of its model."""
    media = facts.media if request.is_bounded() else MediaMaxima()
    case = _Case(
        request=request,
        read=read,
        facts=facts,
        media=media,
        default_cap=default_cap,
    )
    input_tokens, output_tokens = _BY_MEDIUM[request.medium](case)
    cap = request.usual_cap(default_cap)
    is_capped = request.medium != "text" or request.output_cap() or facts.max_output_tokens
    most_read = _most(input_tokens, read.text_tokens)
    most_written = min(_most(output_tokens, cap * request.answers()) * read.reads, MAX_AMOUNT)
    conversation = _conversation(read, most_read, most_written)
    others = _bound_others(case, conversation, most_written)
    unbounded, unpriced = _unknown_fees(read, facts)
    return UpperBound(
        input_tokens=min(conversation * read.reads, MAX_AMOUNT),
        output_tokens=most_written,
        price=facts.price and facts.price.of_up_to(conversation),
        kinds=_KINDS.get(request.medium, ("input", "output")),
        holds=None not in (input_tokens, output_tokens, *(each.input_tokens for each in others)),
        cap=None if is_capped else cap,
        field=read.field or ("image" if read.images else ""),
        fees=_fees(read, facts),
        others=tuple(line for each in others for line in each.lines()),
        unbounded_fee=unbounded,
        unpriced_fee=unpriced or next((each.other.field for each in others if not each.price), ""),
    )


def _conversation(read: InputBound, most_read: int, most_written: int) -> int:
    """Return the most that the model reads at a time: advice comes after what it has written."""
    if read.reads == 1:
        return most_read
    return min(most_read + most_written + read.advice_tokens, MAX_AMOUNT)


def _bound_others(case: _Case, conversation: int, most_written: int) -> list[OtherBound]:
    unknown, facts = OtherModelFacts(), case.facts.others
    return [
        bound_other(other, facts.get(other.name, unknown), case.read, conversation, most_written)
        for other in case.read.others
    ]


def _fees(read: InputBound, facts: ModelFacts) -> tuple[ReservedLine, ...]:
    """Return what is charged by the piece, at the most of it. The call itself may be."""
    lines = [
        ReservedLine(fee.kind, fee.max_uses, _plain(facts.fees.get(fee.kind)))
        for fee in read.fees
        if fee.max_uses is not None
    ]
    if (price := facts.fees.get("requests")) is not None:
        lines.append(ReservedLine("requests", 1, _plain(price)))
    return tuple(lines)


def _unknown_fees(read: InputBound, facts: ModelFacts) -> tuple[str, str]:
    """Return the fields of a fee without a most, and of one without a price; empty where there is
    none."""
    unbounded = next((fee.field for fee in read.fees if fee.max_uses is None), "")
    unpriced = next((fee.field for fee in read.fees if fee.kind not in facts.fees), "")
    return unbounded, unpriced


def _plain(price: Decimal | None) -> str | None:
    return None if price is None else f"{price.normalize():f}"


def _most(tokens: int | None, estimate: int) -> int:
    return min(estimate if tokens is None else tokens, MAX_AMOUNT)


def _transcript(case: _Case) -> _Tokens:
    return case.media.recording, case.media.transcript


def _speech(case: _Case) -> _Tokens:
    return _input_tokens(case), case.media.speech


def _image(case: _Case) -> _Tokens:
    if case.media.image is None:
        return _input_tokens(case), None
    each = case.media.image + PREVIEW_TOKENS * case.request.previews()
    return _input_tokens(case), each * case.request.answers()


def _vector(case: _Case) -> _Tokens:
    return _input_tokens(case), 0


def _text(case: _Case) -> _Tokens:
    request = case.request
    usual = request.usual_cap(case.default_cap)
    cap = request.output_cap() or case.facts.max_output_tokens or usual
    answer = cap + case.read.predicted_tokens
    return _input_tokens(case), answer * request.answers() * case.read.runs


def _input_tokens(case: _Case) -> int | None:
    """Return the most tokens of input. Of two numbers for the same the higher holds."""
    read, maxima = case.read, case.facts.reads
    if read.source is BoundSource.NOTHING:
        return None
    if read.source is BoundSource.STATED:
        return maxima.stated and max(read.text_tokens, maxima.stated)
    has_sizes = maxima.image is not None or not read.images
    seen = read.text_tokens + read.images * (maxima.image or 0)
    if read.source is BoundSource.TEXT and has_sizes:
        return seen
    context = max(maxima.context or 0, maxima.stated or 0)
    return max(context, seen) if context else None


def _free(_: _Case) -> _Tokens:
    return 0, 0


_BY_MEDIUM: dict[Medium, Callable[[_Case], _Tokens]] = {
    "text": _text,
    "vector": _vector,
    "image": _image,
    "speech": _speech,
    "transcript": _transcript,
    "free": _free,
}
_KINDS: dict[Medium, tuple[Kind, Kind]] = {
    "image": ("input", "image_output"),
    "speech": ("input", "audio_output"),
    "transcript": ("audio_input", "output"),
}
