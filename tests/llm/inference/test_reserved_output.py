"""A caller hangs up before the first byte: what was read is booked, and all that was reserved for
the answer, at the price of the route that was asked."""

import pytest

from tollgate_common.money import to_nanos
from tollgate_common.tickets import Bound, Outcome, ReservedLine
from tollgate_common.usage_lines import miscalculated, priced_line, total_nanos
from tollgate_llm.inference.reserved_output import with_reserved_output

MODEL = "gpt-6-sol"
PRICE = {"input_usd_per_mtok": "2", "output_usd_per_mtok": "10"}


def outcome(input_tokens: int, price: dict[str, str] | None = PRICE) -> Outcome:
    lines = (priced_line(MODEL, "input", input_tokens, "0.000002" if price else None),)
    return Outcome(
        status="client_closed",
        provider_model=MODEL,
        input_tokens=input_tokens,
        cost_nanos=total_nanos(lines),
        lines=lines,
        price=price,
        estimated=True,
    )


def bound(*lines: ReservedLine) -> Bound:
    cost = total_nanos(Bound(lines=lines).usage_lines(MODEL))
    return Bound(sum(line.quantity for line in lines if line.kind != "web_searches"), cost, lines)


INPUT = ReservedLine("input", 94, "0.000004")
OUTPUT = ReservedLine("output", 100_000, "0.000015")


def test_the_output_is_the_cap_at_the_routes_own_price() -> None:
    booked = with_reserved_output(outcome(6), bound(INPUT, OUTPUT))
    assert (booked.input_tokens, booked.output_tokens) == (6, 100_000)
    assert booked.cost_nanos == to_nanos("1.000012") == total_nanos(booked.lines or ())
    assert [line.kind for line in booked.lines or ()] == ["input", "output"]
    assert not miscalculated(booked.lines or ())
    assert not booked.unpriced


@pytest.mark.parametrize(
    "line",
    [
        ReservedLine("image_output", 6240, "0.00004"),
        ReservedLine("audio_output", 500, "0.000012"),
        ReservedLine("web_searches", 5, "0.01"),
        ReservedLine("output", 8192, "0.00005", "another-model"),
    ],
)
def test_what_the_routes_price_does_not_cover_is_booked_as_reserved(line: ReservedLine) -> None:
    booked = with_reserved_output(outcome(6), bound(INPUT, line))
    assert (booked.lines or ())[1:] == Bound(lines=(line,)).usage_lines(MODEL)
    assert booked.cost_nanos == total_nanos(booked.lines or ())


def test_another_model_is_booked_whole_even_of_the_same_name() -> None:
    others = (
        ReservedLine("input", 200_000, "0.000004", MODEL),
        ReservedLine("output", 50, "0.00005", "another-model"),
    )
    booked = with_reserved_output(outcome(6), bound(INPUT, OUTPUT, *others))
    assert (booked.input_tokens, booked.output_tokens) == (200_006, 100_050)
    assert (booked.lines or ())[2:] == Bound(lines=others).usage_lines(MODEL)
    assert booked.cost_nanos == to_nanos("1.000012") + to_nanos("0.8") + to_nanos("0.0025")
    assert not miscalculated(booked.lines or ())


def test_without_a_price_the_reserved_one_holds_and_the_row_is_marked() -> None:
    booked = with_reserved_output(outcome(6, None), bound(INPUT, OUTPUT))
    assert booked.cost_nanos == to_nanos("1.5")
    assert booked.unpriced


def test_an_estimate_beyond_what_was_reserved_is_cut_to_it() -> None:
    booked = with_reserved_output(outcome(500), bound(INPUT, OUTPUT))
    assert (booked.input_tokens, booked.output_tokens) == (94, 100_000)
    assert booked.cost_nanos == 94 * 4000 + to_nanos("1")


def test_a_reservation_of_an_earlier_version_is_one_sum() -> None:
    booked = with_reserved_output(outcome(6), Bound(5000, to_nanos("0.5")))
    assert (booked.input_tokens, booked.output_tokens) == (6, 4994)
    assert booked.cost_nanos == to_nanos("0.5") == total_nanos(booked.lines or ())
    cheap = with_reserved_output(outcome(6), Bound(5000, 0))
    assert (cheap.output_tokens, cheap.cost_nanos) == (4994, 12_000)
