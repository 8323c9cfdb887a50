"""How a request is booked whose owner died: at the most that it could use, marked as estimated."""

from tollgate_common.tickets import Bound, Outcome


def lost_outcome(bound: Bound, error: str) -> Outcome:
    return Outcome(
        status="lost",
        input_tokens=bound.tokens,
        cost_nanos=bound.cost_nanos,
        estimated=True,
        error=error,
    )
