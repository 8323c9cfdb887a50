"""Priced lines in the books: how they are shown, what they sum up to, and how they are reversed."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec
from pydantic import BaseModel

from tollgate_common.money import to_nanos, usd_text
from tollgate_common.usage_lines import Kind, UsageLine, priced_line

CACHE_WRITES = ("cache_write_5m", "cache_write_1h")
READ = ("input", "cache_read", *CACHE_WRITES, "audio_input", "image_input")
"""Kinds of tokens that the model read."""
WRITTEN = ("output", "audio_output", "image_output")
"""Kinds of tokens that it wrote."""


class LineFactor(BaseModel):
    """A multiplier of a unit price, with its reason as name."""

    name: str
    factor: str


class Line(BaseModel):
    """One quantity that is billed. `unit_price_usd` is for one unit; null: nobody knows it, and
    the line costs nothing until somebody adjusts it. `adjustment` is a correction of the cost
    alone; a negative quantity takes back a line of before."""

    model: str
    kind: Kind
    quantity: float
    unit: str
    unit_price_usd: str | None
    factors: list[LineFactor]
    cost_usd: str


class TokenSums(NamedTuple):
    """Tokens of some lines, as the ledger's columns count them."""

    input_tokens: int
    output_tokens: int
    cached_input_tokens: int
    cache_write_tokens: int


def token_sums(lines: Iterable[UsageLine]) -> TokenSums:
    """Return how many tokens the lines bill."""
    counted: Counter[str] = Counter()
    for line in lines:
        counted[line.kind] += int(line.quantity)
    return TokenSums(
        input_tokens=sum(counted[kind] for kind in READ),
        output_tokens=sum(counted[kind] for kind in WRITTEN),
        cached_input_tokens=counted["cache_read"],
        cache_write_tokens=sum(counted[kind] for kind in CACHE_WRITES),
    )


def lines_of(row: Mapping[Any, Any]) -> tuple[UsageLine, ...]:
    """Return the lines of a ledger row. A row that was booked before there were lines has one, of
    the kind `adjustment`, with all of its cost."""
    if row["lines"] is not None:
        return msgspec.convert(row["lines"], tuple[UsageLine, ...])
    return (cost_line(row["model"], to_nanos(row["cost"])),)


def cost_line(model: str, nanos: int) -> UsageLine:
    """Return the line of an amount that nothing more is known of."""
    return priced_line(model, "adjustment", 1, usd_text(nanos))


def reversed_line(line: UsageLine) -> UsageLine:
    """Return the line that takes this one back: the same, with quantity and cost negative."""
    cost = usd_text(-to_nanos(line.cost_usd))
    return msgspec.structs.replace(line, quantity=-line.quantity, cost_usd=cost)


def outstanding(lines: Iterable[UsageLine]) -> list[UsageLine]:
    """Return the lines that count for something and that no other line takes back."""
    counted: Counter[UsageLine] = Counter()
    for line in lines:
        opposite = reversed_line(line)
        if counted[opposite] > 0:
            counted[opposite] -= 1
        elif line.quantity or to_nanos(line.cost_usd):
            counted[line] += 1
    return list(counted.elements())
