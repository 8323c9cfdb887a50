"""How many reports an organisation may have in the queue, and how long reports are kept."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from tollgate_reports.reports import jobs

Client = Callable[..., FlaskClient]

ASKED = {"type": "usage", "period": "2026-11-01/P1M", "format": "csv"}
MOST = 2


def ask(client: FlaskClient) -> tuple[int, dict[str, Any]]:
    answer = client.post("/api/v1/reports", json=ASKED)
    return answer.status_code, answer.get_json()


@pytest.fixture
def narrow(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.extensions["reports"], "_most", MOST)


@pytest.mark.usefixtures("narrow")
def test_an_organisation_queues_so_many_reports(client: Client, engine: Engine) -> None:
    mine, other = client(), client(org="org_other")
    assert [ask(mine)[0] for _ in range(MOST)] == [202, 202]
    status, problem = ask(mine)
    assert (status, problem["code"]) == (429, "queue_full")
    assert ask(other)[0] == 202
    with engine.begin() as connection:
        connection.execute(text("UPDATE reports SET status = 'ready' WHERE org <> 'org_other'"))
    assert ask(mine)[0] == 202


@pytest.mark.usefixtures("job_environment")
def test_a_report_that_has_ended_is_kept_for_days(client: Client, engine: Engine) -> None:
    over, young, waiting = (ask(client())[1]["id"] for _ in range(3))
    query = text(
        "UPDATE reports SET status = 'ready', finished_at = now() - CAST(:age AS interval)"
        " WHERE id = :id"
    )
    file = text("INSERT INTO report_files VALUES (:id, 'a.csv', 'text/csv', 'a')")
    with engine.begin() as connection:
        for report, age in ((over, timedelta(days=91)), (young, timedelta(days=89))):
            connection.execute(query, {"id": report, "age": age})
            connection.execute(file, {"id": report})
    jobs.purge()
    found = {
        report: client().get(f"/api/v1/reports/{report}").status_code
        for report in (over, young, waiting)
    }
    assert found == {over: 404, young: 200, waiting: 200}
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM report_files")) == 1
