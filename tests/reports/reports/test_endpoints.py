"""`/reports`: asked for, run by a real rq worker, downloaded by those who may."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from redis import Redis
from rq import SimpleWorker
from rq.serializers import JSONSerializer
from sqlalchemy import Engine, text

from tollgate_common import queues
from tollgate_reports.reports import jobs
from tollgate_reports.reports.links import Links
from tollgate_reports.settings import ReportsSettings

Record = Callable[..., str]
Client = Callable[..., FlaskClient]
Work = Callable[[], None]

NOON = datetime(2026, 11, 10, 12, 7, tzinfo=UTC)
ASKED = {"type": "usage", "period": "2026-11-01/P1M", "format": "csv"}


@pytest.fixture
def work(job_environment: None, redis_client: Redis) -> Work:
    """Run what is queued, as the worker does, until nothing is left."""

    def work() -> None:
        queue = queues.make_queue(redis_client, "reports")
        worker = SimpleWorker([queue], connection=redis_client, serializer=JSONSerializer)
        worker.work(burst=True, logging_level="WARNING")

    return work


def ask(client: FlaskClient, **more: Any) -> str:
    answer = client.post("/api/v1/reports", json={**ASKED, **more})
    assert answer.status_code == 202, answer.get_data(as_text=True)
    identity: str = answer.get_json()["id"]
    return identity


def table(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def test_a_report_is_queued_run_and_downloaded(booked: Record, client: Client, work: Work) -> None:
    booked(NOON, {"cost_nanos": 10**19 + 1})
    booked(NOON, model="claude", project=None)
    answer = client().post("/api/v1/reports", json=ASKED)
    queued = answer.get_json()
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/api/v1/reports/{queued['id']}"
    assert queued["id"].startswith("rep_")
    assert (queued["status"], queued["download_url"]) == ("queued", None)
    assert client().get(f"/api/v1/reports/{queued['id']}/download").status_code == 409

    work()
    ready = client().get(f"/api/v1/reports/{queued['id']}").get_json()
    assert (ready["status"], ready["rows"], ready["error"]) == ("ready", 2, None)
    assert ready["filters"] == {"mode": "live"}
    file = client().get(f"/api/v1/reports/{queued['id']}/download")
    assert file.content_type == "text/csv; charset=utf-8"
    assert f"usage-2026-11-01-{queued['id']}.csv" in file.headers["content-disposition"]
    assert table(file.data) == [
        {
            "bucket": "2026-11-10T00:00:00Z", "project": "proj_1", "model": "gpt-4o-mini",
            "requests": "1", "input_tokens": "10", "output_tokens": "5",
            "cached_input_tokens": "0", "cache_write_tokens": "0", "reasoning_tokens": "0",
            "estimated_requests": "0", "unpriced_requests": "0", "capped_requests": "0",
                "refused_requests": "0",
            "cache_hit_rate": "0.000000", "cost_usd": "10000000000.000000001",
        },
        {
            "bucket": "2026-11-10T00:00:00Z", "project": "", "model": "claude",
            "requests": "1", "input_tokens": "10", "output_tokens": "5",
            "cached_input_tokens": "0", "cache_write_tokens": "0", "reasoning_tokens": "0",
            "estimated_requests": "0", "unpriced_requests": "0", "capped_requests": "0",
                "refused_requests": "0",
            "cache_hit_rate": "0.000000", "cost_usd": "0.000004500",
        },
    ]  # fmt: skip


def test_text_that_a_spreadsheet_would_calculate_is_made_harmless(
    booked: Record, client: Client, work: Work
) -> None:
    for model in ("=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", 'say "hi", you'):
        booked(NOON, model=model, tags={"=x": "\uff1d1"})
    report = ask(client(), group_by=["model", "tag:=x"], grain="total")
    work()
    rows = table(client().get(f"/api/v1/reports/{report}/download").data)
    assert {row["model"] for row in rows} == {
        "'=cmd|' /C calc'!A0", "'+1", "'-1", "'@SUM(A1)", "'\t=1", 'say "hi", you',
    }  # fmt: skip
    assert {row["tag:=x"] for row in rows} == {"'\uff1d1"}


def test_an_empty_report_is_a_header(client: Client, work: Work) -> None:
    report = ask(client())
    work()
    assert client().get(f"/api/v1/reports/{report}").get_json()["rows"] == 0
    assert client().get(f"/api/v1/reports/{report}/download").data.startswith(b"bucket,project,mo")


def test_a_signed_link_needs_no_credentials_and_fits_one_report(
    booked: Record, client: Client, app: Flask, work: Work
) -> None:
    booked(NOON)
    first, second = ask(client()), ask(client())
    work()
    url = client().get(f"/api/v1/reports/{first}").get_json()["download_url"]
    stranger = app.test_client()
    assert stranger.get(url).status_code == 200
    assert stranger.get(url.replace(first, second)).status_code == 403
    token = url.split("token=")[1]
    # Not the last character: of that some bits mean nothing.
    altered = token[:-5] + ("A" if token[-5] != "A" else "B") + token[-4:]
    for wrong in (altered, "", "x", token.upper(), "é"):
        answer = stranger.get(f"/api/v1/reports/{first}/download", query_string={"token": wrong})
        assert (answer.status_code, answer.get_json()["code"]) == (403, "invalid_link")
    forged = URLSafeTimedSerializer("other", salt=b"tollgate/reports/download").dumps(first)
    assert stranger.get(f"/api/v1/reports/{first}/download?token={forged}").status_code == 403
    assert stranger.get(f"/api/v1/reports/{first}/download").status_code == 401


def test_a_signed_link_expires(
    client: Client, app: Flask, work: Work, settings: ReportsSettings
) -> None:
    report = ask(client())
    work()
    expired = Links(settings.secret("encryption_key"), -1)
    app.extensions["reports"]._links = expired
    url = client().get(f"/api/v1/reports/{report}").get_json()["download_url"]
    answer = app.test_client().get(url)
    assert (answer.status_code, answer.get_json()["code"]) == (403, "invalid_link")


def test_nobody_sees_another_organisations_or_a_key_another_projects_reports(
    client: Client, work: Work
) -> None:
    report = ask(client())
    work()
    for other in (client(org="org_other"), client(key="key_2", user=None, project="proj_2")):
        assert other.get(f"/api/v1/reports/{report}").status_code == 404
        assert other.get(f"/api/v1/reports/{report}/download").status_code == 404
        assert other.get("/api/v1/reports").get_json()["data"] == []


def test_a_keys_report_is_about_its_project_and_mode(
    booked: Record, client: Client, work: Work
) -> None:
    booked(NOON)
    booked(NOON, mode="test", project="proj_2")
    key = client(key="key_2", user=None, project="proj_2", mode="test")
    report = ask(key)
    work()
    (row,) = table(key.get(f"/api/v1/reports/{report}/download").data)
    assert row["project"] == "proj_2"
    manager = client(scope="reports:read jobs:manage")
    assert manager.get(f"/api/v1/reports/{report}").status_code == 200


def test_reports_are_listed_page_by_page(client: Client) -> None:
    asked = [ask(client()) for _ in range(3)]
    first = client().get("/api/v1/reports?limit=2").get_json()
    rest = client().get(f"/api/v1/reports?limit=2&cursor={first['next_cursor']}").get_json()
    assert [row["id"] for row in first["data"] + rest["data"]] == asked[::-1]
    assert rest["next_cursor"] is None


def test_reports_are_filtered(client: Client, work: Work) -> None:
    ready = ask(client())
    work()
    queued = ask(client(), grain="month", timezone="Europe/Berlin")
    for query, found in (
        ("status=ready", [ready]), ("status=queued&type=usage", [queued]),
        ("grain=month", [queued]), ("timezone=Europe/Berlin", [queued]),
        ("format=csv", [queued, ready]), ("grain=hour", []), ("format=csv&status=failed", []),
    ):  # fmt: skip
        rows = client().get(f"/api/v1/reports?{query}").get_json()["data"]
        assert [row["id"] for row in rows] == found, query


@pytest.mark.parametrize("query", ["status=gone", "type=weather", "format=xls", "created=today"])
def test_a_wrong_filter_is_422_and_named(client: Client, query: str) -> None:
    answer = client().get(f"/api/v1/reports?{query}")
    assert (answer.status_code, answer.get_json()["param"]) == (422, query.partition("=")[0])


@pytest.mark.parametrize("cursor", ["%00", "a%20b", "%C3%A9", "x" * 41])
def test_a_place_that_no_page_has_named_is_422(client: Client, cursor: str) -> None:
    answer = client().get(f"/api/v1/reports?cursor={cursor}")
    assert (answer.status_code, answer.get_json()["param"]) == (422, "cursor")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"type": "weather"}, "type"), ({}, "type"), ({**ASKED, "period": "x"}, "period"),
        ({**ASKED, "format": "xls"}, "format"), ({**ASKED, "timezone": "Mars"}, "timezone"),
        ({**ASKED, "filters": {"colour": "blue"}}, "filters.colour"),
        ({**ASKED, "filters": {"status": "fine"}}, "filters.status"),
        ({**ASKED, "type": "requests", "group_by": ["model"]}, "group_by"),
        ({**ASKED, "type": "requests", "grain": "day"}, "grain"),
        ({**ASKED, "group_by": ["colour"]}, "group_by"), ({**ASKED, "extra": 1}, "extra"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_422_and_named(client: Client, body: dict[str, Any], param: str) -> None:
    answer = client().post("/api/v1/reports", json=body)
    assert (answer.status_code, answer.get_json()["param"]) == (422, param)


def test_reports_need_their_permissions(client: Client) -> None:
    reader = client(scope="reports:read")
    assert reader.post("/api/v1/reports", json=ASKED).status_code == 403
    assert client(scope="usage:read").get("/api/v1/reports").status_code == 403


def test_a_report_that_was_not_queued_or_whose_worker_died_is_found_and_run(
    booked: Record, client: Client, engine: Engine, redis_client: Redis, work: Work
) -> None:  # fmt: skip
    booked(NOON)
    never_queued, died, dead = ask(client()), ask(client()), ask(client())
    redis_client.flushdb()
    age(engine, died, status="running", attempts=1)
    age(engine, dead, status="running", attempts=3)
    age(engine, never_queued, status="queued", attempts=0)
    fresh = ask(client())
    redis_client.flushdb()
    jobs.sweep()
    work()
    found = {row["id"]: row for row in client().get("/api/v1/reports").get_json()["data"]}
    assert found[never_queued]["status"] == found[died]["status"] == "ready"
    assert (found[dead]["status"], found[dead]["error"]) == ("failed", "The run died 3 times.")
    assert found[fresh]["status"] == "queued"


def test_a_report_that_somebody_works_on_is_left_alone(
    client: Client, engine: Engine, redis_client: Redis, job_environment: None
) -> None:
    report = ask(client())
    redis_client.flushdb()
    age(engine, report, status="running", attempts=1)
    with engine.begin() as worker:
        worker.execute(text("SELECT 1 FROM reports WHERE id = :id FOR UPDATE"), {"id": report})
        jobs.sweep()
        jobs.run(report)
    assert queues.make_queue(redis_client, "reports").count == 0
    assert client().get(f"/api/v1/reports/{report}").get_json()["status"] == "running"


def test_a_run_that_cannot_succeed_fails_with_the_reason(
    booked: Record, client: Client, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    booked(NOON)
    monkeypatch.setattr("tollgate_reports.reports.runs.ROWS_MAX", 0)
    report = ask(client())
    work()
    failed = client().get(f"/api/v1/reports/{report}").get_json()
    assert failed["status"] == "failed"
    assert "more than" in failed["error"]
    assert failed["download_url"] is None
    assert client().get(f"/api/v1/reports/{report}/download").status_code == 409


def age(engine: Engine, report: str, status: str, attempts: int) -> None:
    with engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE reports SET status = :status, attempts = :attempts, "
                "touched_at = now() - interval '1 hour' WHERE id = :id"
            ),
            {"status": status, "attempts": attempts, "id": report},
        )
