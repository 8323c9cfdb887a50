"""How a request is booked whose owner died: at the most that it could use, marked as estimated."""

from tollgate_common.money import usd_text
from tollgate_common.tickets import Bound, Outcome
from tollgate_common.usage_lines import priced_line


def lost_outcome(model: str, bound: Bound, error: str) -> Outcome:
    """Return the outcome of a request that was reserved at `bound`.

    A bound without lines, which an earlier version reserved or which is beyond what can be counted,
    is booked as a single sum."""
    lines = bound.usage_lines(model)
    if not lines:
        lines = (priced_line(model, "requests", 1, usd_text(bound.cost_nanos)),)
    return Outcome(
        status="lost",
        input_tokens=bound.input_tokens,
        output_tokens=bound.output_tokens,
        cost_nanos=bound.cost_nanos,
        lines=lines,
        unpriced=any(line.is_unpriced for line in lines),
        estimated=True,
        error=error,
    )
