"""Reports of the type `requests`: each request with its lines, as CSV."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from tollgate_common.money import to_nanos
from tollgate_common.usage_lines import priced_line, total_nanos
from tollgate_reports.reports import jobs
from tollgate_reports.reports.errors import ReportTooLarge
from tollgate_reports.reports.request_rows import COLUMNS, parts_of

Record = Callable[..., str]
Client = Callable[..., FlaskClient]

NOON = datetime(2026, 11, 10, 12, 7, tzinfo=UTC)
NOVEMBER = "2026-11-01/P1M"
SCOPE = "usage:read adjustments:write"
LINES = (
    priced_line('m "quoted", 1\n', "input", 1_000, "0.00000015"),
    priced_line("whisper", "seconds", 12.5, None),
)
BILLED: dict[str, Any] = {"lines": LINES, "cost_nanos": total_nanos(LINES), "unpriced": True}


@pytest.fixture
def run(client: Client, job_environment: None) -> Callable[..., dict[str, Any]]:
    """Ask for a report of requests and make it. Gives the run."""

    def run(**more: Any) -> dict[str, Any]:
        asked = {"type": "requests", "period": NOVEMBER, **more}
        answer = client().post("/api/v1/reports", json=asked)
        assert answer.status_code == 202, answer.text
        jobs.run(answer.get_json()["id"])
        found: dict[str, Any] = client().get(answer.headers["location"]).get_json()
        return found

    return run


Run = Callable[..., dict[str, Any]]


def table(client: FlaskClient, report: dict[str, Any]) -> list[dict[str, str]]:
    file = client.get(f"/api/v1/reports/{report['id']}/download")
    assert file.status_code == 200
    assert file.headers["content-length"] == str(len(file.data))
    assert file.content_type == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(file.data.decode())))


class TestRequestsReport:
    def test_a_line_is_a_request_with_its_lines_and_adjustments(
        self, booked: Record, client: Client, run: Run
    ) -> None:
        booked(NOON, BILLED, request_id="req_a", tags={"team": "blue"})
        booked(NOON + timedelta(minutes=1), request_id="req_b")
        body = {"cost_usd": "1.5", "reason": "invoice 7"}
        path = "/api/v1/requests/req_a/adjustments"
        assert client(scope=SCOPE).post(path, json=body).status_code == 201
        report = run()
        assert (report["status"], report["rows"]) == ("ready", 2)
        assert (report["type"], report["grain"], report["group_by"]) == ("requests", None, [])
        first, second = table(client(), report)
        for shown, name in ((first, "req_a"), (second, "req_b")):
            row = client().get(f"/api/v1/requests/{name}").get_json()
            assert list(shown) == list(COLUMNS)
            assert {key: _value(key, cell) for key, cell in shown.items()} == row
        assert json.loads(first["lines"])[1]["quantity"] == 12.5
        assert (first["cost_usd"], first["adjusted_cost_usd"]) == ("0.000150000", "1.500000000")
        assert (second["lines"], second["adjusted"]) == ("", "false")

    def test_rows_add_up_to_usage(self, booked: Record, client: Client, run: Run) -> None:
        for number in range(4):
            at = NOON + timedelta(hours=7 * number)
            booked(at, BILLED, request_id=f"req_{number}", model=f"m{number % 2}")
        booked(NOON, mode="test")
        booked(datetime(2026, 10, 31, 23, 59, 59, tzinfo=UTC))
        body = {"cost_usd": "7", "reason": "invoice 7"}
        assert client(scope=SCOPE).post("/api/v1/requests/req_1/adjustments", json=body).text
        for filters in ({}, {"model": "m1"}):
            rows = table(client(), run(filters=filters))
            query = {"period": NOVEMBER, **filters}
            totals = client().get("/api/v1/usage", query_string=query).get_json()["totals"]
            cost = sum(to_nanos(row["adjusted_cost_usd"]) for row in rows)
            assert (len(rows), cost) == (totals["requests"], to_nanos(totals["cost_usd"]))

    def test_a_large_file_is_kept_and_sent_in_parts(
        self,
        booked: Record,
        client: Client,
        run: Run,
        engine: Engine,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("tollgate_reports.reports.request_rows.PART_CHARACTERS", 1)
        monkeypatch.setattr("tollgate_reports.requests.repository.BATCH", 2)
        tickets = [booked(NOON + timedelta(seconds=number), BILLED) for number in range(5)]
        report = run()
        assert [row["id"] for row in table(client(), report)] == tickets
        with engine.connect() as connection:
            assert connection.scalar(text("SELECT count(*) FROM report_parts")) == 5

    def test_a_run_that_fails_leaves_no_part(
        self, booked: Record, run: Run, engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("tollgate_reports.reports.request_rows.PART_CHARACTERS", 1)
        monkeypatch.setattr("tollgate_reports.reports.runs.ROWS_MAX", 2)
        for number in range(3):
            booked(NOON + timedelta(seconds=number))
        report = run()
        assert (report["status"], report["error"]) == ("failed", "It would have more than 2 rows.")
        with engine.connect() as connection:
            assert connection.scalar(text("SELECT count(*) FROM report_parts")) == 0

    def test_without_requests_it_is_a_header(self, client: Client, run: Run) -> None:
        report = run()
        assert report["rows"] == 0
        file = client().get(f"/api/v1/reports/{report['id']}/download")
        assert file.text == ",".join(COLUMNS) + "\n"

    def test_text_that_a_spreadsheet_would_calculate_is_made_harmless(
        self, booked: Record, client: Client, run: Run
    ) -> None:
        booked(NOON, {"error": "=1+1", "provider_model": "@x"}, model="-1")
        (row,) = table(client(), run())
        assert (row["error"], row["provider_model"], row["model"]) == ("'=1+1", "'@x", "'-1")

    def test_a_key_reports_on_its_own_project(
        self, booked: Record, client: Client, job_environment: None
    ) -> None:
        booked(NOON)
        own = booked(NOON, project="proj_2")
        key = client(key="key_2", user=None, project="proj_2")
        asked = {"type": "requests", "period": NOVEMBER}
        report = key.post("/api/v1/reports", json=asked).get_json()
        jobs.run(report["id"])
        assert [row["id"] for row in table(key, report)] == [own]


class TestParts:
    def test_rows_are_read_as_parts_are_taken(self) -> None:
        read: list[int] = []

        def rows() -> Iterator[dict[str, Any]]:
            for number in range(10_000):
                read.append(number)
                yield dict.fromkeys(COLUMNS, "x" * 100)

        parts = parts_of(rows(), 10_000)
        _, count = next(parts)
        assert len(read) == count < 1_000
        content, count = [*parts][-1]
        assert count == len(read) == 10_000
        assert content.endswith(b"x\n")

    def test_more_rows_than_there_may_be_are_refused(self) -> None:
        rows = [dict.fromkeys(COLUMNS, None)] * 3
        assert [count for _, count in parts_of(rows, 3)] == [3]
        with pytest.raises(ReportTooLarge):
            list(parts_of(rows, 2))


def _value(key: str, cell: str) -> Any:
    """A cell as the API has it."""
    if cell == "":
        return None
    is_text = key.endswith(("id", "_usd", "_at")) or key in {
        "org",
        "project",
        "key",
        "user",
        "mode",
        "endpoint",
        "dialect",
        "model",
        "status",
        "provider",
        "provider_model",
        "service_tier",
        "error",
    }
    return cell if is_text else json.loads(cell)
