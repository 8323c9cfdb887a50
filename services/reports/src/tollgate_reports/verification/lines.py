"""Each row against its own lines: what every line costs, and what they cost together.

PostgreSQL holds a row's cost against the sum of its lines when it is written. Here each line is
reckoned again, from quantity, price and factors, by the rules that llm and the gateway go by.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from tollgate_common.money import to_nanos, usd_text
from tollgate_common.usage_lines import UsageLine, line_cost_nanos, miscalculated, total_nanos
from tollgate_reports.verification.schemas import Drift

OTHER_PRODUCT = "The line's cost is not its quantity x unit price x factors."
OTHER_SUM = "The row's cost is not the sum of its lines."
UNREADABLE = "The row's lines were not written by us."

_read = msgspec.json.Decoder(tuple[UsageLine, ...]).decode


def differing(row: Mapping[Any, Any]) -> Iterator[Drift]:
    """What does not add up in a row of `id`, `cost`, and `lines` as JSON text."""
    try:
        lines = _read(row["lines"])
        wrong = miscalculated(lines)
        found, expected = to_nanos(row["cost"]), total_nanos(lines)
    except (msgspec.DecodeError, ValueError, ArithmeticError) as error:
        kind = type(error).__name__
        yield Drift("lines", str(row["id"]), kind, "lines that can be read", UNREADABLE)
        return
    for line in wrong:
        product = usd_text(line_cost_nanos(line.quantity, line.unit_price_usd, line.factors))
        what = f"{row['id']} ({line.kind} of {line.model})"
        yield Drift("lines", what, f"{line.cost_usd} USD", f"{product} USD", OTHER_PRODUCT)
    if found != expected:
        costs = f"{usd_text(found)} USD", f"{usd_text(expected)} USD"
        yield Drift("lines", str(row["id"]), *costs, OTHER_SUM)
