"""`GET /usage/unpriced`: what somebody has to set a price for."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from tollgate_common.usage_lines import UsageLine, priced_line, total_nanos

Record = Callable[..., str]
Client = Callable[..., FlaskClient]

NOON = datetime(2026, 11, 10, 12, 7, tzinfo=UTC)
NOVEMBER = "2026-11-01/P1M"
SCOPE = "usage:read adjustments:write"


def using(*lines: UsageLine, **more: Any) -> dict[str, Any]:
    marked = any(line.is_unpriced for line in lines)
    return {"lines": lines, "cost_nanos": total_nanos(lines), "unpriced": marked, **more}


def listed(client: FlaskClient, **parameters: str) -> list[dict[str, Any]]:
    asked = {"period": NOVEMBER, **parameters}
    answer = client.get("/api/v1/usage/unpriced", query_string=asked)
    assert answer.status_code == 200, answer.text
    body = answer.get_json()
    assert body["next_cursor"] is None
    rows: list[dict[str, Any]] = body["data"]
    return rows


READ = priced_line("m-1", "input", 700, None)
WROTE = priced_line("m-1", "output", 30, None)
HEARD = priced_line("whisper", "seconds", 12.5, None)
PRICED = priced_line("gpt", "input", 5, "0.000001")
NOTHING = priced_line("m-1", "cache_read", 0, None)


class TestUnpriced:
    def test_what_was_used_without_a_price_is_summed_up_by_model_and_kind(
        self, booked: Record, client: Client
    ) -> None:
        booked(NOON, using(READ, WROTE, PRICED, NOTHING))
        booked(NOON + timedelta(hours=2), using(READ, READ, HEARD, provider="azure"))
        booked(NOON + timedelta(hours=1), using(READ))
        booked(NOON, using(PRICED))
        booked(NOON)
        expected: list[dict[str, Any]] = [
            {
                "model": "m-1",
                "provider": "azure",
                "kind": "input",
                "unit": "token",
                "requests": 1,
                "quantity": 1400,
                "first_seen": "2026-11-10T14:07:00.000Z",
                "last_seen": "2026-11-10T14:07:00.000Z",
            },
            {
                "model": "whisper",
                "provider": "azure",
                "kind": "seconds",
                "unit": "second",
                "requests": 1,
                "quantity": 12.5,
                "first_seen": "2026-11-10T14:07:00.000Z",
                "last_seen": "2026-11-10T14:07:00.000Z",
            },
            {
                "model": "m-1",
                "provider": "openai",
                "kind": "input",
                "unit": "token",
                "requests": 2,
                "quantity": 1400,
                "first_seen": "2026-11-10T12:07:00.000Z",
                "last_seen": "2026-11-10T13:07:00.000Z",
            },
            {
                "model": "m-1",
                "provider": "openai",
                "kind": "output",
                "unit": "token",
                "requests": 1,
                "quantity": 30,
                "first_seen": "2026-11-10T12:07:00.000Z",
                "last_seen": "2026-11-10T12:07:00.000Z",
            },
        ]
        by_place = sorted(expected, key=lambda row: [row["model"], row["provider"], row["kind"]])
        assert listed(client()) == by_place

    def test_what_an_adjustment_has_priced_is_left_out(
        self, booked: Record, client: Client
    ) -> None:
        booked(NOON, using(READ, HEARD), request_id="req_a")
        booked(NOON, using(READ), request_id="req_b")
        bill = [{"model": "m-1", "kind": "input", "quantity": 700, "unit_price_usd": "0.000001"}]
        body = {"lines": bill, "reason": "invoice 7"}
        answer = client(scope=SCOPE).post("/api/v1/requests/req_a/adjustments", json=body)
        assert answer.status_code == 201
        (row,) = listed(client())
        assert (row["model"], row["requests"], row["quantity"]) == ("m-1", 1, 700)

    def test_it_has_pages(self, booked: Record, client: Client) -> None:
        names = [*(f"m-{number}" for number in range(5)), "x" * 5000, "x" * 5001]
        booked(NOON, using(*(priced_line(name, "input", 1, None) for name in names)))
        found: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            query = {"limit": "3", **({"cursor": cursor} if cursor else {})}
            asked = {"period": NOVEMBER, **query}
            page = client().get("/api/v1/usage/unpriced", query_string=asked).get_json()
            found += [row["model"] for row in page["data"]]
            cursor = page["next_cursor"]
        assert sorted(found) == sorted(names)
        assert found[:5] == names[:5]

    @pytest.mark.parametrize(
        ("query", "models"),
        [
            ({"model": "m-1"}, {"m-1"}),
            ({"model": "gpt-4o-mini"}, set()),
            ({"kind": "seconds"}, {"whisper"}),
            ({"provider": "azure"}, {"whisper"}),
            ({"key": "key_2"}, {"whisper"}),
            ({"project": "proj_2"}, {"whisper"}),
            ({"user": "usr_2"}, {"whisper"}),
            ({"status": "client_closed"}, {"whisper"}),
            ({"mode": "test"}, {"secret"}),
            ({"mode": "all"}, {"m-1", "whisper", "secret"}),
            ({"period": "2026-11-10T13:00/P1D"}, {"whisper"}),
            ({"period": "2026-11-10T14:00/P1D", "timezone": "Europe/Berlin"}, {"whisper"}),
        ],
    )
    def test_it_is_filtered(
        self, booked: Record, client: Client, query: dict[str, str], models: set[str]
    ) -> None:
        booked(NOON, using(READ))
        other = {"key": "key_2", "project": "proj_2", "user": "usr_2"}
        ended = {"provider": "azure", "status": "client_closed"}
        booked(NOON + timedelta(hours=1), using(HEARD, **ended), **other)
        booked(NOON, using(priced_line("secret", "input", 1, None)), mode="test")
        assert {row["model"] for row in listed(client(), **query)} == models

    def test_nobody_sees_what_others_used(self, booked: Record, client: Client) -> None:
        booked(NOON, using(READ))
        assert listed(client(org="org_other")) == []
        assert listed(client(key="key_2", user=None, project="proj_2")) == []
        assert client(scope="reports:read").get("/api/v1/usage/unpriced").status_code == 403

    @pytest.mark.parametrize(
        ("query", "param"),
        [
            ("kind=adjustment", "kind"),
            ("kind=x", "kind"),
            ("group_by=model", "group_by"),
            ("period=x", "period"),
            ("timezone=Mars", "timezone"),
            ("mode=both", "mode"),
        ],
    )
    def test_a_wrong_parameter_is_422_and_named(
        self, client: Client, query: str, param: str
    ) -> None:
        answer = client().get(f"/api/v1/usage/unpriced?{query}")
        assert (answer.status_code, answer.get_json()["param"]) == (422, param)

    def test_it_is_about_this_month_unless_told_otherwise(
        self, booked: Record, client: Client
    ) -> None:
        booked(outcome=using(READ))
        booked(datetime.now(UTC) - timedelta(days=70), using(HEARD))
        answer = client().get("/api/v1/usage/unpriced").get_json()
        assert [row["model"] for row in answer["data"]] == ["m-1"]
