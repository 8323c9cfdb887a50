"""The most that another model of a request can use, at its own price.

A fallback answers what the model declined: it reads what the model read, and a model that declines
in the middle of its answer is paid for as well. An advisor reads the conversation as it is by then,
with what was written and advised, under a prompt of the vendor's.
"""

from dataclasses import dataclass

from tollgate_common.tickets import ReservedLine
from tollgate_gateway.parsed_requests.input_bound import BoundSource, InputBound
from tollgate_gateway.parsed_requests.other_models import OtherModel
from tollgate_gateway.parsed_requests.vendor_rules import ADVISOR_TOKENS
from tollgate_gateway.tickets.model_facts import OtherModelFacts, Price
from tollgate_gateway.tickets.prices import MAX_AMOUNT, token_prices


@dataclass(frozen=True, kw_only=True, slots=True)
class OtherBound:
    """The most that another model can use. `input_tokens` of None: nothing bounds them; `price` of
    None: nobody knows it."""

    other: OtherModel
    input_tokens: int | None
    output_tokens: int
    price: Price | None

    def lines(self) -> tuple[ReservedLine, ...]:
        """Return what is reserved for it."""
        read, written = token_prices(self.price)
        return (
            ReservedLine("input", self.input_tokens or 0, read, self.other.name),
            ReservedLine("output", self.output_tokens, written, self.other.name),
        )


def bound_other(
    other: OtherModel, facts: OtherModelFacts, read: InputBound, conversation: int, output: int
) -> OtherBound:
    """Return what bounds another model of a request whose own model reads at most the conversation
    at a time, and writes at most so many tokens of output."""
    each = _read_at_a_time(other, facts, read, conversation)
    times = other.max_uses if other.is_advisor else read.reads
    written = output if other.cap is None else other.cap * times * read.runs
    return OtherBound(
        other=other,
        input_tokens=None if each is None else min(each * times, MAX_AMOUNT),
        output_tokens=min(written, MAX_AMOUNT),
        price=facts.price and facts.price.of_up_to(each or 0),
    )


def _read_at_a_time(
    other: OtherModel, facts: OtherModelFacts, read: InputBound, conversation: int
) -> int | None:
    most = conversation + (ADVISOR_TOKENS if other.is_advisor else 0)
    if read.source is BoundSource.TEXT:
        return most
    return facts.context and max(facts.context, most)
