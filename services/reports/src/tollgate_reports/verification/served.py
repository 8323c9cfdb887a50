"""The sandbox's own log against the ledger: an independent witness of what was answered.

A ticket is the provider's `x-client-request-id`. Every ticket that the sandbox has seen is in the
ledger, open, or on its way; every request that the ledger says it has answered is in its log; and
where the ledger's figures are not estimated, they are those of the log: its tokens, those that its
lines bill, each kind of each model, and its cost, by its lines or, in a row without lines, at its
price.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from tollgate_common.money import cost_nanos, to_nanos, usd_text
from tollgate_common.usage_lines import UsageLine, line_cost_nanos
from tollgate_reports.lines import lines_of, token_sums
from tollgate_reports.verification.schemas import Billed, Drift, Served

PROVIDER, REQUESTS = "sandbox", "requests"
COUNTED = frozenset({
    "/v1/chat/completions", "/v1/completions", "/v1/responses", "/v1/messages", "/v1/embeddings",
})  # fmt: skip
"""Where what an answer says of its usage is what the log says: text only."""

NOT_BOOKED = "The provider was called, and the ticket is neither in the books nor open."
NOT_SERVED = "The row says that the sandbox has answered, and the sandbox knows of no such call."
OTHER_TOKENS = "The row's figures are not estimated, and not what the sandbox has counted."
OTHER_LINES = "The row's lines bill other tokens than the row has."
OTHER_KINDS = "The row's lines bill other quantities than the sandbox's log."
OTHER_COST = "The row's cost is not its lines' or, without any, its tokens at its price."


def by_ticket(lines: Iterable[Served]) -> dict[UUID, list[Served]]:
    found: dict[UUID, list[Served]] = {}
    for line in lines:
        try:
            found.setdefault(UUID(line.client_request_id or ""), []).append(line)
        except ValueError:
            continue  # somebody else's call
    return found


def unbooked(
    served: Collection[UUID], booked: Collection[UUID], elsewhere: Collection[UUID]
) -> Iterator[Drift]:
    for ticket in sorted(set(served) - set(booked) - set(elsewhere)):
        yield Drift("served_not_booked", str(ticket), "no row", "one", NOT_BOOKED)


def unserved(rows: Iterable[Mapping[Any, Any]], served: Collection[UUID]) -> Iterator[Drift]:
    for row in rows:
        if row["endpoint"] in COUNTED and row["id"] not in served:
            yield Drift("booked_not_served", str(row["id"]), "a row", "none", NOT_SERVED)


def differing(row: Mapping[Any, Any], lines: Iterable[Served]) -> Iterator[Drift]:
    """Of several attempts the last whole answer is the one that counts. Figures that are estimated
    or capped are our own."""
    whole = [line for line in lines if line.complete and line.status == 200]
    is_own = row["estimated"] or row["capped"]
    if is_own or row["status"] != "ok" or row["endpoint"] not in COUNTED or not whole:
        return
    booked = (row["input_tokens"], row["output_tokens"])
    counted = (whole[-1].input_tokens, whole[-1].output_tokens)
    if booked != counted:
        yield Drift("tokens", str(row["id"]), _tokens(booked), _tokens(counted), OTHER_TOKENS)
    usage_lines = None if row["lines"] is None else lines_of(row)
    billed = _billed(usage_lines or (), booked)
    if billed != booked:
        yield Drift("tokens", str(row["id"]), _tokens(billed), _tokens(booked), OTHER_LINES)
    if usage_lines is not None and whole[-1].billed is not None:
        yield from _other_kinds(row, usage_lines, whole[-1].billed)
    cost = to_nanos(row["cost"])
    should = _cost(row["price"], *booked) if usage_lines is None else _cost_of(usage_lines)
    if should is not None and cost != should:
        found, expected = (f"{usd_text(nanos)} USD" for nanos in (cost, should))
        yield Drift("cost", str(row["id"]), found, expected, OTHER_COST)


def _other_kinds(
    row: Mapping[Any, Any], lines: Iterable[UsageLine], billed: Iterable[Billed]
) -> Iterator[Drift]:
    """Compare what is billed of each kind to each model. Of fees for requests, which come with a
    model's price and not with its answer, the sandbox knows nothing."""
    priced = _quantities(line for line in lines if line.kind != REQUESTS)
    witnessed = _quantities(billed)
    if priced != witnessed:
        yield Drift("lines", str(row["id"]), _said(priced), _said(witnessed), OTHER_KINDS)


def _quantities(lines: Iterable[UsageLine | Billed]) -> dict[tuple[str, str], Decimal]:
    sums: dict[tuple[str, str], Decimal] = {}
    for line in lines:
        key = line.model, line.kind
        sums[key] = sums.get(key, Decimal(0)) + Decimal(str(line.quantity))
    return {key: quantity for key, quantity in sums.items() if quantity}


def _said(quantities: Mapping[tuple[str, str], Decimal]) -> str:
    named = (f"{count:f} {kind} of {model}" for (model, kind), count in sorted(quantities.items()))
    return ", ".join(named) or "nothing"


def _tokens(tokens: tuple[int, int]) -> str:
    return f"{tokens[0]} read, {tokens[1]} written"


def _billed(lines: Iterable[UsageLine], booked: tuple[int, int]) -> tuple[int, int]:
    """The tokens that the lines bill; as many as are booked of a side of which they bill none."""
    sums = token_sums(lines)
    return sums.input_tokens or booked[0], sums.output_tokens or booked[1]


def _cost_of(lines: Iterable[UsageLine]) -> int:
    return sum(line_cost_nanos(line.quantity, line.unit_price_usd, line.factors) for line in lines)


def _cost(price: Mapping[str, str] | None, read: int, wrote: int) -> int | None:
    """None where more than two prices make it up."""
    if price is None:
        return 0
    if price.keys() - {"input_usd_per_mtok", "output_usd_per_mtok"}:
        return None
    prices = (Decimal(price[f"{side}_usd_per_mtok"]) for side in ("input", "output"))
    return cost_nanos(*zip((read, wrote), prices, strict=True))
