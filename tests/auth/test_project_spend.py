"""A project that has spent is deleted by whoever says its name: auth asks the real reports."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from pydantic import SecretStr
from sqlalchemy import create_engine, insert
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.auth.conftest import CLIENTS, ENCRYPTION_KEY, Caller, MakeApp, Org
from tollgate_auth.runtime import runtime
from tollgate_common.guard import Guard
from tollgate_common.jwt import JwksClient
from tollgate_reports import migrations as reports_migrations
from tollgate_reports.app import SERVICE, create_app
from tollgate_reports.extensions import db as reports_db
from tollgate_reports.ledger.models import COUNTS, DIMENSIONS, rollups
from tollgate_reports.ledger.sketch import SLOTS
from tollgate_reports.settings import ReportsSettings

Spend = Callable[..., None]


class Quiet(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        """Requests are not news in tests."""


@pytest.fixture(scope="module")
def reports_url(app: Flask, database_url: str) -> Iterator[str]:
    """The real reports service, which believes the tests' auth."""
    settings = ReportsSettings.load(
        {
            "database_url": database_url,
            "encryption_key": SecretStr(ENCRYPTION_KEY),
            "service_client_secret": CLIENTS["reports"],
        }
    )
    reports_migrations.upgrade(settings)
    reports = create_app(settings)
    with app.app_context():
        keyring = runtime().keyring
    Guard(JwksClient(keyring.published), settings.issuer, SERVICE).register(reports)
    server = make_server("127.0.0.1", 0, reports, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
    with reports.app_context():
        reports_db.engine.dispose()


@pytest.fixture
def owner(org: Org, make_app: MakeApp, database_url: str, reports_url: str) -> Caller:
    """The organisation's owner, calling an auth that knows where reports is."""
    return Caller(make_app(database_url, reports_url=reports_url), user_id=org.owner_id)


@pytest.fixture
def spend(org: Org, database_url: str, reports_url: str) -> Iterator[Spend]:
    """Book a cost on a project."""
    url = database_url.replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(url, connect_args={"options": "-csearch_path=reports"})
    buckets = (datetime(2026, 11, 1, tzinfo=UTC) + number * timedelta(minutes=15)
               for number in range(100))  # fmt: skip

    def spend(project: str, cost: str, mode: str = "live", **counts: int) -> None:
        row: dict[str, Any] = dict.fromkeys(DIMENSIONS) | dict.fromkeys(COUNTS, 0) | counts
        row |= {"org": org.id, "bucket": next(buckets), "project": project, "mode": mode,
                "cost": Decimal(cost), "latencies": [0] * SLOTS}  # fmt: skip
        with engine.begin() as connection:
            connection.execute(insert(rollups).values(row))

    yield spend
    engine.dispose()


@pytest.fixture
def project(org: Org) -> str:
    found: str = org.owner.post("/projects", {"name": "Blue team"}).get_json()["id"]
    return found


def delete(owner: Caller, project: str, **query: str) -> tuple[int, Any]:
    answer = owner.call("DELETE", f"/projects/{project}", query_string=query)
    return answer.status_code, answer.get_json(silent=True)


def test_a_project_that_has_spent_is_409_until_its_name_is_said(
    owner: Caller, spend: Spend, project: str
) -> None:
    spend(project, "1.20")
    spend(project, "0.05")
    spend(project, "0.000000007", "test")
    for query in ({}, {"confirm": "blue team"}):
        status, problem = delete(owner, project, **query)
        assert (status, problem["code"]) == (409, "project_has_spend")
        assert (problem["param"], "1.25 USD" in problem["detail"]) == ("confirm", True)
        assert "0.000000007 USD in test mode" in problem["detail"]
    assert owner.get(f"/projects/{project}").status_code == 200
    assert delete(owner, project, confirm="Blue team") == (204, None)
    assert owner.get(f"/projects/{project}").status_code == 404


def test_what_test_mode_has_cost_is_asked_about_too(
    owner: Caller, spend: Spend, project: str
) -> None:
    spend(project, "0.01", "test")
    assert delete(owner, project)[1]["code"] == "project_has_spend"


def test_what_has_no_known_price_is_not_taken_for_nothing(
    owner: Caller, spend: Spend, project: str
) -> None:
    spend(project, "0", unpriced_requests=3)
    status, problem = delete(owner, project)
    assert (status, problem["code"]) == (409, "project_has_spend")
    assert "3 requests have no known price" in problem["detail"]


def test_a_project_that_has_spent_nothing_just_goes(
    owner: Caller, spend: Spend, project: str, org: Org
) -> None:
    other = org.owner.post("/projects", {"name": "other"}).get_json()["id"]
    spend(other, "5")
    spend(project, "0")
    assert delete(owner, project) == (204, None)


def test_a_wrong_name_is_told_even_where_none_is_needed(owner: Caller, project: str) -> None:
    status, problem = delete(owner, project, confirm="Red team")
    assert (status, problem["param"]) == (422, "confirm")


def test_a_misspelt_parameter_deletes_nothing(owner: Caller, project: str) -> None:
    status, problem = delete(owner, project, confrim="Blue team")
    assert (status, problem["param"]) == (422, "confrim")
    assert "confirm" in problem["detail"]


def test_the_default_project_is_still_refused(owner: Caller) -> None:
    (default,) = owner.get("/projects?is_default=true").get_json()["data"]
    status, problem = delete(owner, default["id"], confirm=default["name"])
    assert (status, problem["code"]) == (409, "conflict")


@pytest.mark.parametrize("query", [{}, {"confirm": "other"}])
def test_with_reports_away_it_is_503_and_nothing_is_deleted(
    org: Org, make_app: MakeApp, database_url: str, project: str, query: dict[str, str]
) -> None:
    away = Caller(make_app(database_url, reports_url="http://127.0.0.1:1"), user_id=org.owner_id)
    status, problem = delete(away, project, **query)
    assert (status, problem["code"]) == (503, "unavailable")
    assert org.owner.get(f"/projects/{project}").status_code == 200
    assert delete(away, project, confirm="Blue team") == (204, None)


def test_an_answer_that_reports_refuses_to_give_is_503(
    org: Org, make_app: MakeApp, database_url: str, reports_url: str, project: str
) -> None:
    """As when the two do not share an issuer."""
    other = make_app(database_url, reports_url=reports_url, issuer="https://other.example")
    assert delete(Caller(other, user_id=org.owner_id), project)[0] == 503
