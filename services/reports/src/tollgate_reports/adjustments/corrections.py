"""The rules of correcting: what is in the books of a request, what should be, and the difference.

The difference is a row with lines of its own. When the vendor's lines are known, it takes back
every line that counts by now and adds the vendor's: row and adjustments, summed up by model, kind
and price, are then the vendor's bill. When only an amount is known, it is one line of the kind
`adjustment`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from tollgate_common.errors import InvalidField
from tollgate_common.money import to_nanos, to_usd, usd_text
from tollgate_common.usage_lines import UsageLine, total_nanos
from tollgate_reports.adjustments.errors import NothingToAdjust
from tollgate_reports.adjustments.schemas import AdjustmentRequest
from tollgate_reports.lines import cost_line, lines_of, outstanding, reversed_line, token_sums

MAX_COST_NANOS = 10**18 - 1
"""The most that a request can cost, so that sums of many fit into their columns."""


class Figures(NamedTuple):
    """Columns of the ledger that an adjustment corrects; `cost` in dollars."""

    input_tokens: int
    output_tokens: int
    cached_input_tokens: int
    cache_write_tokens: int
    cost: Decimal

    def minus(self, other: "Figures") -> "Figures":
        """Return the difference, column by column."""
        return Figures(
            input_tokens=self.input_tokens - other.input_tokens,
            output_tokens=self.output_tokens - other.output_tokens,
            cached_input_tokens=self.cached_input_tokens - other.cached_input_tokens,
            cache_write_tokens=self.cache_write_tokens - other.cache_write_tokens,
            cost=self.cost - other.cost,
        )

    def as_json(self) -> dict[str, Any]:
        """Return what the audit log has of it."""
        return {
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "cost_usd": usd_text(to_nanos(self.cost)),
        }


class Correction(NamedTuple):
    """What held before, what holds after, and the lines of the row that makes the difference."""

    before: Figures
    after: Figures
    lines: list[UsageLine]


def correction(rows: Iterable[Mapping[Any, Any]], wanted: AdjustmentRequest) -> Correction:
    """Return how to correct a request whose rows in the ledger are these, its own first."""
    booked = list(rows)
    before = Figures(*(sum(row[name] for row in booked) for name in Figures._fields))
    lines = wanted.usage_lines()
    if lines is None:
        after = _by_cost(before, wanted)
        difference = to_nanos(after.cost - before.cost)
        if after == before:
            raise NothingToAdjust
        return Correction(before, after, [cost_line(booked[0]["model"], difference)])
    after = _by_lines(before, wanted, lines)
    present = outstanding(line for row in booked for line in lines_of(row))
    if after == before and Counter(present) == Counter(outstanding(lines)):
        raise NothingToAdjust
    return Correction(before, after, [*map(reversed_line, present), *lines])


def _by_cost(before: Figures, wanted: AdjustmentRequest) -> Figures:
    if wanted.cost_usd is None:
        raise InvalidField("cost_usd: say what it cost, or give lines.", param="cost_usd")
    read, wrote = wanted.input_tokens, wanted.output_tokens
    return before._replace(
        input_tokens=before.input_tokens if read is None else read,
        output_tokens=before.output_tokens if wrote is None else wrote,
        cost=to_usd(to_nanos(wanted.cost_usd)),
    )


def _by_lines(before: Figures, wanted: AdjustmentRequest, lines: tuple[UsageLine, ...]) -> Figures:
    nanos = total_nanos(lines)
    if nanos > MAX_COST_NANOS:
        raise InvalidField("lines: they cost more than a request can.", param="lines")
    if wanted.cost_usd is not None and to_nanos(wanted.cost_usd) != nanos:
        raise InvalidField(f"cost_usd: the lines cost {usd_text(nanos)}.", param="cost_usd")
    billed = token_sums(lines)
    return Figures(
        input_tokens=_tokens("input_tokens", wanted.input_tokens, billed.input_tokens),
        output_tokens=_tokens("output_tokens", wanted.output_tokens, billed.output_tokens),
        cached_input_tokens=billed.cached_input_tokens,
        cache_write_tokens=billed.cache_write_tokens,
        cost=to_usd(nanos),
    )


def _tokens(param: str, stated: int | None, billed: int) -> int:
    """Tokens that are billed are those of the lines. What a vendor bills by another measure, such
    as seconds, may have used tokens, too."""
    if stated is None:
        return billed
    if billed and stated != billed:
        raise InvalidField(f"{param}: the lines have {billed}.", param=param)
    return stated
