"""How a request is booked whose owner died: at the most that it could use, marked as estimated."""

from tollgate_common.money import usd_text
from tollgate_common.tickets import Bound, Outcome
from tollgate_common.usage_lines import priced_line


def lost_outcome(model: str, bound: Bound, error: str) -> Outcome:
    """Return the outcome of a request that was reserved at `bound`."""
    return Outcome(
        status="lost",
        input_tokens=bound.tokens,
        cost_nanos=bound.cost_nanos,
        lines=(priced_line(model, "requests", 1, usd_text(bound.cost_nanos)),),
        estimated=True,
        error=error,
    )
