"""How a request is booked whose owner died: at what it had reserved, marked as estimated."""

from collections.abc import Iterable

from tollgate_common.tickets import Outcome, Reservation


def lost_outcome(held: Iterable[Reservation], error: str) -> Outcome:
    reserved = {item.metric: item.amount for item in held}
    return Outcome(
        status="lost",
        input_tokens=reserved.get("tokens", 0),
        cost_nanos=reserved.get("cost_usd", 0),
        estimated=True,
        error=error,
    )
