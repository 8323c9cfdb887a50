"""How a request is booked whose provider was asked and never heard: what it was sent is known, what
it had made of it is not. It may have made all that was reserved."""

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from tollgate_common.money import usd_text
from tollgate_common.tickets import Bound, Outcome, ReservedLine
from tollgate_common.usage_lines import UsageLine, priced_line, total_nanos

_READ = frozenset(
    {"input", "cache_read", "cache_write_5m", "cache_write_1h", "audio_input", "image_input"}
)


def with_reserved_output(outcome: Outcome, bound: Bound) -> Outcome:
    """Return the outcome with all that was reserved beside its input.

    Output costs what the outcome's own price says, where it has one, else what was reserved: the
    reservation has the highest price of any route and way to be processed, this route's is known.
    An input that is estimated at more than was reserved is booked as reserved. A bound without
    lines, which an earlier version reserved, is made up to with a single sum."""
    model = outcome.provider_model or ""
    if not bound.lines:
        return _made_up_to(outcome, bound, model)
    reserved = bound.usage_lines(model)
    lines = tuple(_at_own_price(outcome, line) for line in reserved)
    own_input = sum(line.quantity for line in bound.lines if _is_own_input(line))
    if outcome.input_tokens <= own_input:
        made = _beside_own_input(bound, lines)
        lines = (*(outcome.lines or ()), *made)
    return msgspec.structs.replace(
        outcome,
        input_tokens=min(outcome.input_tokens, own_input) + bound.input_tokens - own_input,
        output_tokens=bound.output_tokens,
        cost_nanos=total_nanos(lines),
        lines=lines,
        unpriced=outcome.unpriced or any(line.is_unpriced for line in lines),
    )


def _is_own_input(line: ReservedLine) -> bool:
    return line.kind in _READ and not line.model


def _beside_own_input(bound: Bound, lines: Iterable[UsageLine]) -> tuple[UsageLine, ...]:
    """Return the lines that are booked of the bound, without what the model itself reads."""
    pairs = zip(bound.lines, lines, strict=True)
    return tuple(line for reserved, line in pairs if not _is_own_input(reserved))


def _at_own_price(outcome: Outcome, line: UsageLine) -> UsageLine:
    known = (outcome.price or {}).get("output_usd_per_mtok")
    if line.kind != "output" or line.model != outcome.provider_model or known is None:
        return line
    return priced_line(line.model, line.kind, line.quantity, _per_token(known))


def _per_token(usd_per_mtok: str) -> str:
    return f"{Decimal(usd_per_mtok).scaleb(-6).normalize():f}"


def _made_up_to(outcome: Outcome, bound: Bound, model: str) -> Outcome:
    output = max(outcome.output_tokens, bound.tokens - outcome.input_tokens)
    rest = bound.cost_nanos - outcome.cost_nanos
    if rest <= 0:
        return msgspec.structs.replace(outcome, output_tokens=output)
    line = priced_line(model, "requests", 1, usd_text(rest))
    return msgspec.structs.replace(
        outcome,
        output_tokens=output,
        cost_nanos=bound.cost_nanos,
        lines=(*(outcome.lines or ()), line),
    )
