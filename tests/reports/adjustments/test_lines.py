"""Adjusting by what the vendor's bill says: afterwards row and adjustments are that bill."""

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from tollgate_common.money import to_nanos
from tollgate_common.usage_lines import Factor, UsageLine, priced_line, total_nanos

Record = Callable[..., str]
Client = Callable[..., FlaskClient]
Rows = Callable[..., list[dict[str, Any]]]

NOON = datetime(2026, 11, 10, 12, 7, 1, 5000, tzinfo=UTC)
SCOPE = "usage:read adjustments:write"
REASON = "invoice 7"

BOOKED = (
    priced_line("claude-opus-5-5", "input", 23_000, "0.000004"),
    priced_line("claude-opus-5-5", "output", 1_000, "0.00002"),
)
UNPRICED = (
    priced_line("m-1", "input", 700, None),
    priced_line("m-1", "seconds", 12.5, "0.0001"),
)
# Two halves of a nano-dollar each: their sum is not the rounded sum.
HALVES = (
    priced_line("m-1", "input", 1, "0.0000000005"),
    priced_line("m-1", "input", 1, "0.0000000005"),
)
FACTORED = (
    priced_line("claude-opus-5-5", "output", 333, "0.00002", (Factor("inference_geo:us", "1.1"),)),
)

BILL: list[dict[str, Any]] = [
    {
        "model": "claude-opus-5-5",
        "kind": "input",
        "quantity": 203_000,
        "unit_price_usd": "0.000004",
    },
    {
        "model": "claude-opus-5-5",
        "kind": "output",
        "quantity": 4_500,
        "unit_price_usd": "0.000020",
        "factors": [{"name": "inference_geo:us", "factor": "1.10"}],
    },
    {"model": "claude-haiku", "kind": "cache_read", "quantity": 7, "unit_price_usd": "0.0000001"},
    {
        "model": "claude-haiku",
        "kind": "cache_write_1h",
        "quantity": 5,
        "unit_price_usd": "0.000002",
    },
    {"model": "claude-opus-5-5", "kind": "web_searches", "quantity": 3, "unit_price_usd": "0.01"},
]
BILLED = "0.941010700"


def outcome_of(lines: tuple[UsageLine, ...] | None, **more: Any) -> dict[str, Any]:
    if lines is None:
        return more
    return {"lines": lines, "cost_nanos": total_nanos(lines), "price": None, **more}


def adjust(client: FlaskClient, request: str = "req_1", **body: Any) -> Any:
    return client.post(f"/api/v1/requests/{request}/adjustments", json={"reason": REASON, **body})


def totals(client: FlaskClient, **parameters: str) -> dict[str, Any]:
    asked = {"period": "2026-11-10/P1D", "grain": "total", **parameters}
    found: dict[str, Any] = client.get("/api/v1/usage", query_string=asked).get_json()["totals"]
    return found


def summed(lines: list[dict[str, Any]]) -> dict[Any, Decimal]:
    """Quantities by model, kind, price and factors, without those that cancel out."""
    counted: dict[Any, Decimal] = defaultdict(Decimal)
    for line in lines:
        factors = tuple((each["name"], Decimal(each["factor"])) for each in line.get("factors", ()))
        price = line["unit_price_usd"] and Decimal(line["unit_price_usd"])
        counted[(line["model"], line["kind"], price, factors)] += Decimal(str(line["quantity"]))
    return {key: quantity for key, quantity in counted.items() if quantity}


def cost_of(lines: list[dict[str, Any]]) -> int:
    return sum(to_nanos(line["cost_usd"]) for line in lines)


class TestAdjustmentByLines:
    @pytest.mark.parametrize(
        "lines",
        [BOOKED, UNPRICED, HALVES, FACTORED, BOOKED + BOOKED, (), None],
        ids=["usual", "unpriced", "halves", "factors", "twice", "none", "booked without lines"],
    )
    def test_row_and_adjustments_are_the_vendors_bill(
        self, booked: Record, client: Client, rows: Rows, lines: tuple[UsageLine, ...] | None
    ) -> None:
        booked(NOON, outcome_of(lines))
        made = adjust(client(scope=SCOPE), lines=BILL)
        assert made.status_code == 201, made.text
        row = client().get("/api/v1/requests/req_1").get_json()
        own = row["lines"] or []
        (adjustment,) = row["adjustments"]
        assert adjustment == made.get_json()
        together = summed(own + adjustment["lines"])
        if lines is None:
            # What had no lines is taken back as the amount that it was.
            (taken_back,) = (key for key in together if key[1] == "adjustment")
            assert together.pop(taken_back) == -1
        assert together == summed(BILL)
        assert (row["adjusted"], row["adjusted_cost_usd"]) == (True, BILLED)
        assert cost_of(adjustment["lines"]) == to_nanos(adjustment["cost_usd"])
        assert rows("SELECT sum(cost)::text AS cost FROM ledger") == [{"cost": BILLED}]
        found = totals(client())
        assert (found["requests"], found["cost_usd"]) == (1, BILLED)
        assert (found["input_tokens"], found["output_tokens"]) == (203_012, 4_500)
        assert (found["cached_input_tokens"], found["cache_write_tokens"]) == (7, 5)

    def test_a_second_bill_takes_the_first_back(self, booked: Record, client: Client) -> None:
        booked(NOON, outcome_of(BOOKED))
        caller = client(scope=SCOPE)
        assert adjust(caller, lines=BILL).status_code == 201
        assert adjust(caller, lines=BILL[:1]).status_code == 201
        assert adjust(caller, lines=[]).status_code == 201
        row = client().get("/api/v1/requests/req_1").get_json()
        every = row["lines"] + [line for each in row["adjustments"] for line in each["lines"]]
        assert (summed(every), cost_of(every)) == ({}, 0)
        assert row["adjusted_cost_usd"] == totals(client())["cost_usd"] == "0.000000000"
        assert [len(each["lines"]) for each in row["adjustments"]] == [7, 6, 1]

    def test_a_bill_takes_an_amount_back(self, booked: Record, client: Client) -> None:
        booked(NOON, outcome_of(BOOKED))
        caller = client(scope=SCOPE)
        assert adjust(caller, cost_usd="7").status_code == 201
        assert adjust(caller, lines=BILL, cost_usd=BILLED).status_code == 201
        row = client().get("/api/v1/requests/req_1").get_json()
        every = row["lines"] + [line for each in row["adjustments"] for line in each["lines"]]
        assert summed(every) == summed(BILL)
        assert row["adjusted_cost_usd"] == BILLED

    def test_the_same_bill_again_is_nothing_to_adjust(self, booked: Record, client: Client) -> None:
        booked(NOON, outcome_of(BOOKED))
        caller = client(scope=SCOPE)
        assert adjust(caller, lines=BILL).status_code == 201
        assert adjust(caller, lines=BILL[::-1]).get_json()["code"] == "nothing_to_adjust"
        other = [{**BILL[0], "model": "claude-opus-5-6"}, *BILL[1:]]
        assert adjust(caller, lines=other).status_code == 201

    def test_lines_as_the_api_shows_them_are_taken(self, booked: Record, client: Client) -> None:
        booked(NOON, outcome_of(FACTORED, input_tokens=0, output_tokens=333))
        lines = client().get("/api/v1/requests/req_1").get_json()["lines"]
        caller = client(scope=SCOPE)
        assert adjust(caller, lines=lines).get_json()["code"] == "nothing_to_adjust"
        assert adjust(caller, lines=lines + BILL).status_code == 201

    def test_tokens_that_are_not_billed_can_be_stated(self, booked: Record, client: Client) -> None:
        booked(NOON)
        seconds = {"model": "w", "kind": "seconds", "quantity": 203.125, "unit_price_usd": "0.0001"}
        answer = adjust(client(scope=SCOPE), lines=[seconds], input_tokens=4, output_tokens=635)
        assert answer.status_code == 201
        found = totals(client())
        assert (found["input_tokens"], found["output_tokens"]) == (4, 635)
        assert found["cost_usd"] == "0.020312500"

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"quantity": -1}, "lines.0.quantity"),
            ({"quantity": 1.5}, "lines.0.quantity"),
            ({"quantity": 1.0005, "kind": "seconds"}, "lines.0.quantity"),
            ({"quantity": "7"}, "lines.0.quantity"),
            ({"quantity": True}, "lines.0.quantity"),
            ({"quantity": 2**41}, "lines.0.quantity"),
            ({"kind": "adjustment"}, "lines.0.kind"),
            ({"kind": "tokens"}, "lines.0.kind"),
            ({"unit_price_usd": "-1"}, "lines.0.unit_price_usd"),
            ({"unit_price_usd": 0.1}, "lines.0.unit_price_usd"),
            ({"unit_price_usd": None}, "lines.0.unit_price_usd"),
            ({"unit": "page"}, "lines.0.unit"),
            ({"cost_usd": "1"}, "lines.0.cost_usd"),
            ({"factors": [{"name": "x", "factor": "-1"}]}, "lines.0.factors.0.factor"),
            ({"factors": [{"name": "", "factor": "1"}]}, "lines.0.factors.0.name"),
            ({"model": ""}, "lines.0.model"),
            ({"colour": "blue"}, "lines.0.colour"),
        ],
    )
    def test_a_wrong_field_of_a_line_is_named(
        self, booked: Record, client: Client, rows: Rows, wrong: dict[str, Any], field: str
    ) -> None:
        booked(NOON)
        answer = adjust(client(scope=SCOPE), lines=[{**BILL[0], **wrong}])
        assert (answer.status_code, answer.get_json()["param"]) == (422, field)
        assert rows("SELECT count(*) FROM ledger") == [{"count": 1}]

    @pytest.mark.parametrize(
        ("more", "field"),
        [
            ({"cost_usd": "0.941010701"}, "cost_usd"),
            ({"input_tokens": 1}, "input_tokens"),
            ({"output_tokens": 4_499}, "output_tokens"),
            (
                {"lines": [{**BILL[0], "quantity": 2**40, "unit_price_usd": "999999999"}]},
                "lines",
            ),
        ],
    )
    def test_what_does_not_agree_with_the_lines_is_named(
        self, booked: Record, client: Client, more: dict[str, Any], field: str
    ) -> None:
        booked(NOON)
        answer = adjust(client(scope=SCOPE), **{"lines": BILL, **more})
        assert (answer.status_code, answer.get_json()["param"]) == (422, field)


class TestAdjustedRequests:
    def test_rows_add_up_to_usage(self, booked: Record, client: Client) -> None:
        lines = [BOOKED, UNPRICED, HALVES, None, FACTORED]
        for number, each in enumerate(lines):
            at = NOON + timedelta(minutes=number)
            booked(at, outcome_of(each, unpriced=each is UNPRICED), request_id=f"req_{number}")
        caller = client(scope=SCOPE)
        assert adjust(caller, "req_0", lines=BILL).status_code == 201
        assert adjust(caller, "req_1", lines=BILL[:2]).status_code == 201
        assert adjust(caller, "req_1", cost_usd="0.5").status_code == 201
        assert adjust(caller, "req_3", cost_usd="0").status_code == 201
        for asked in ({}, {"unpriced": "true"}):
            rows = client().get("/api/v1/requests", query_string=asked).get_json()["data"]
            expected = totals(client(), **{f"{name}_requests": "true" for name in asked})
            adjusted = sum(to_nanos(row["adjusted_cost_usd"]) for row in rows)
            assert adjusted == to_nanos(expected["cost_usd"])
            assert len(rows) == expected["requests"]
            for name in ("input_tokens", "output_tokens", "cached_input_tokens"):
                figures = [row[name] for row in rows]
                figures += [each[name] for row in rows for each in row["adjustments"]]
                assert sum(figures) == expected[name]

    def test_adjusted_requests_are_told_apart(self, booked: Record, client: Client) -> None:
        adjusted, untouched = (booked(NOON, request_id=f"req_{number}") for number in "ab")
        assert adjust(client(scope=SCOPE), "req_a", cost_usd="1").status_code == 201

        def ids(**asked: str) -> list[tuple[str, bool]]:
            data = client().get("/api/v1/requests", query_string=asked).get_json()["data"]
            return [(row["id"], row["adjusted"]) for row in data]

        assert ids(adjusted="true") == [(adjusted, True)]
        assert ids(adjusted="false") == [(untouched, False)]
        assert sorted(ids()) == sorted([(adjusted, True), (untouched, False)])


class TestArchivedMonth:
    @pytest.mark.parametrize("by", ["ticket", "request id"])
    def test_a_request_of_an_archived_month_is_409(
        self, booked: Record, client: Client, engine: Engine, by: str
    ) -> None:
        ticket = booked(NOON)
        request_id = f"req_{ticket.replace('-', '')}"
        with engine.begin() as connection:
            connection.execute(text("TRUNCATE ledger"))
            connection.execute(
                text("INSERT INTO ledger_archives VALUES ('2026-11-01Z', 'file', 1, 0)")
            )
        answer = adjust(client(scope=SCOPE), ticket if by == "ticket" else request_id, cost_usd="1")
        assert (answer.status_code, answer.get_json()["code"]) == (409, "archived")
        assert "2026-11" in answer.get_json()["detail"]

    @pytest.mark.parametrize(
        "identity",
        [
            "mine",
            "req_1",
            "0193ffff-0000-7000-8000-000000000000",
            f"req_{'f' * 32}",
            "req_" + "7" * 31,
        ],
    )
    def test_an_id_that_tells_nothing_is_404(
        self, client: Client, engine: Engine, identity: str
    ) -> None:
        with engine.begin() as connection:
            connection.execute(
                text("INSERT INTO ledger_archives VALUES ('2026-11-01Z', 'file', 1, 0)")
            )
        assert adjust(client(scope=SCOPE), identity, cost_usd="1").status_code == 404
