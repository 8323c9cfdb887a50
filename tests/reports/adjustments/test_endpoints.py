"""`/requests/{request_id}/adjustments`."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

Record = Callable[..., str]
Client = Callable[..., FlaskClient]
Rows = Callable[..., list[dict[str, Any]]]

NOON = datetime(2026, 11, 10, 12, 7, 1, 5000, tzinfo=UTC)
LOST = {"status": "lost", "estimated": True, "input_tokens": 4000, "output_tokens": 0,
        "cost_nanos": 6_000_000, "price": None}  # fmt: skip
RIGHT = {"input_tokens": 100, "output_tokens": 20, "cost_usd": "0.000140", "reason": "invoice 7"}
SCOPE = "usage:read adjustments:write"


def adjust(client: FlaskClient, request: str = "req_1", **body: Any) -> Any:
    return client.post(f"/api/v1/requests/{request}/adjustments", json={**RIGHT, **body})


def used(client: FlaskClient, **parameters: str) -> dict[str, Any]:
    asked = {"period": "2026-11-10/P1D", "grain": "total", **parameters}
    totals: dict[str, Any] = client.get("/api/v1/usage", query_string=asked).get_json()["totals"]
    return {
        name: totals[name] for name in ("requests", "input_tokens", "output_tokens", "cost_usd")
    }


def test_the_difference_is_booked_and_the_row_stays(
    booked: Record, client: Client, rows: Rows
) -> None:
    ticket = booked(NOON, LOST)
    (before,) = rows("SELECT * FROM ledger")
    answer = adjust(client(scope=SCOPE))
    assert answer.status_code == 201, answer.text
    adjustment = answer.get_json()
    assert datetime.fromisoformat(adjustment.pop("adjusted_at")) > NOON
    assert adjustment.pop("id") != ticket
    assert adjustment == {
        "adjusts": ticket, "adjusted_by": "usr_1", "reason": "invoice 7",
        "input_tokens": -3900, "output_tokens": 20, "cost_usd": "-0.005860000",
        "cached_input_tokens": 0, "cache_write_tokens": 0,
        "lines": [{
            "model": "gpt-4o-mini", "kind": "adjustment", "quantity": 1, "unit": "adjustment",
            "unit_price_usd": "-0.005860000", "factors": [], "cost_usd": "-0.005860000",
        }],
    }  # fmt: skip
    assert rows("SELECT * FROM ledger WHERE adjusts IS NULL") == [before]
    assert client().get("/api/v1/requests/req_1").get_json()["input_tokens"] == 4000
    assert [row["id"] for row in client().get("/api/v1/requests").get_json()["data"]] == [ticket]


@pytest.mark.parametrize(
    "cut", [{}, {"period": "2026-11-10T12:06/2026-11-10T12:08"}, {"group_by": "tag:team"}],
    ids=["of rollups", "of the ledger", "by tag"],
)  # fmt: skip
def test_usage_is_what_was_said_and_the_request_counts_once(
    booked: Record, client: Client, cut: dict[str, str]
) -> None:
    booked(NOON, LOST)
    booked(NOON)
    assert adjust(client(scope=SCOPE), request=booked(NOON, LOST)).status_code == 201
    assert used(client(), **cut) == {
        "requests": 3, "input_tokens": 4110, "output_tokens": 25, "cost_usd": "0.006144500",
    }  # fmt: skip


def test_an_adjustment_can_be_adjusted(booked: Record, client: Client) -> None:
    booked(NOON, LOST)
    caller = client(scope=SCOPE)
    assert adjust(caller).status_code == 201
    second = adjust(caller, cost_usd="0.000141", output_tokens=None, reason="a typing error")
    assert second.get_json()["cost_usd"] == "0.000001000"
    assert used(client()) == {
        "requests": 1, "input_tokens": 100, "output_tokens": 20, "cost_usd": "0.000141000",
    }  # fmt: skip
    listed = client().get("/api/v1/requests/req_1/adjustments").get_json()
    assert [each["reason"] for each in listed["data"]] == ["invoice 7", "a typing error"]
    assert adjust(caller, cost_usd="0.000141").get_json()["code"] == "nothing_to_adjust"


def test_of_many_at_once_one_is_booked(booked: Record, client: Client, rows: Rows) -> None:
    booked(NOON, LOST)
    callers = [client(scope=SCOPE) for _ in range(6)]
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda one=one: statuses.append(adjust(one).status_code))
        for one in callers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201] + [409] * 5
    assert rows("SELECT cost::text FROM rollups") == [{"cost": "0.000140000"}]


@pytest.mark.parametrize(
    "outcome",
    [
        {},
        {"input_tokens": 10**15, "capped": True},
        {"cost_nanos": 0, "price": None, "unpriced": True},
        {"status": "provider_error", "error": "upstream"},
        {"status": "client_closed", "estimated": True},
    ],
    ids=["the provider's own", "absurd", "unpriced", "failed", "estimated"],
)
def test_any_row_is_adjusted(booked: Record, client: Client, outcome: dict[str, Any]) -> None:
    booked(NOON, outcome)
    assert adjust(client(scope=SCOPE)).status_code == 201
    assert used(client()) == {
        "requests": 1,
        "input_tokens": 100,
        "output_tokens": 20,
        "cost_usd": "0.000140000",
    }


def test_who_may_only_read_cannot_adjust(booked: Record, client: Client) -> None:
    booked(NOON, LOST)
    assert adjust(client()).status_code == 403


@pytest.mark.parametrize("request_id", ["req_unknown", "0193ffff-0000-7000-8000-000000000000"])
def test_what_is_not_in_the_ledger_is_404(client: Client, request_id: str) -> None:
    assert adjust(client(scope=SCOPE), request_id).status_code == 404
    path = f"/api/v1/requests/{request_id}/adjustments"
    assert client().get(path).status_code == 404


def test_another_organisations_request_is_404(booked: Record, client: Client) -> None:
    booked(NOON, LOST)
    assert adjust(client(scope=SCOPE, org="org_other")).status_code == 404
    other = client(scope=SCOPE, key="key_2", project="proj_2", user=None)
    assert adjust(other).status_code == 404


def test_an_id_that_several_callers_have_sent_names_none_of_them(
    booked: Record, client: Client, rows: Rows
) -> None:
    mine = booked(NOON, LOST, request_id="req_mine", client_request_id="invoice-7")
    other = booked(NOON, LOST, request_id="req_other", client_request_id="invoice-7")
    booked(NOON, LOST, request_id="req_4", client_request_id="req_mine")
    refused = adjust(client(scope=SCOPE), "invoice-7")
    assert (refused.status_code, refused.get_json()["code"]) == (409, "shared_id")
    assert rows("SELECT * FROM ledger WHERE adjusts IS NOT NULL") == []
    for name, ticket in (("req_mine", mine), (other, other)):
        assert adjust(client(scope=SCOPE), name).get_json()["adjusts"] == ticket


def test_an_id_of_the_callers_that_one_request_has_names_it(booked: Record, client: Client) -> None:
    ticket = booked(NOON, LOST, client_request_id="only")
    assert adjust(client(scope=SCOPE), "only").get_json()["adjusts"] == ticket


def test_an_adjustment_itself_is_no_request(booked: Record, client: Client) -> None:
    booked(NOON, LOST)
    adjustment = adjust(client(scope=SCOPE)).get_json()["id"]
    assert client().get(f"/api/v1/requests/{adjustment}").status_code == 404
    assert adjust(client(scope=SCOPE), adjustment).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"cost_usd": "-1"}, "cost_usd"),
        ({"cost_usd": "0.0000000001"}, "cost_usd"),
        ({"cost_usd": 1}, "cost_usd"),
        ({"input_tokens": -1}, "input_tokens"),
        ({"output_tokens": 2**60}, "output_tokens"),
        ({"reason": ""}, "reason"),
        ({"reason": None}, "reason"),
        ({"cost_usd": None}, "cost_usd"),
        ({"price": "1"}, "price"),
    ],
)
def test_a_wrong_field_is_named(
    booked: Record, client: Client, wrong: dict[str, Any], field: str
) -> None:
    booked(NOON, LOST)
    answer = adjust(client(scope=SCOPE), **wrong)
    assert (answer.status_code, answer.get_json()["param"]) == (422, field)


def test_the_audit_log_hears_who_why_and_what(
    booked: Record, client: Client, redis_client: Redis, rows: Rows
) -> None:
    ticket = booked(NOON, LOST)
    made = adjust(client(scope=SCOPE)).get_json()
    sent: Any = redis_client.xrange("events:change.recorded")
    ((_, fields),) = sent
    event = json.loads(fields[b"event"])
    assert (event["type"], event["source"]) == ("change.recorded", "tollgate/reports")
    told = event["data"]
    assert (told["org"], told["action"]) == ("org_books", "request.adjusted")
    assert told["actor"] == {"kind": "user", "id": "usr_1"}
    assert told["target"] == {"kind": "request", "id": ticket}
    assert told["before"] == {"input_tokens": 4000, "output_tokens": 0, "cost_usd": "0.006000000"}
    assert told["after"] == {
        "input_tokens": 100, "output_tokens": 20, "cost_usd": "0.000140000",
        "reason": "invoice 7", "adjustment": made["id"],
    }  # fmt: skip
    assert rows("SELECT * FROM outbox") == []


def test_an_adjustment_is_as_final_as_any_row(
    booked: Record, client: Client, engine: Engine
) -> None:
    booked(NOON, LOST)
    adjust(client(scope=SCOPE))
    for statement in ("UPDATE ledger SET cost = 0", "DELETE FROM ledger WHERE adjusts IS NOT NULL"):
        with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
            connection.execute(text(statement))
