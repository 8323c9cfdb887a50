"""Exports are in the audit log: reports that are made, and every file that leaves."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from tests.reports.conftest import ORG
from tests.reports.reports.test_endpoints import Work, ask
from tests.reports.reports.test_endpoints import work as work  # a fixture
from tollgate_common.audit import AuditBatch, AuditCounts, Occurrences
from tollgate_common.audit.origin import forwarded_address
from tollgate_common.events.cloudevents import read_event
from tollgate_reports.outbox import outbox_rows

Client = Callable[..., FlaskClient]
Happened = Callable[[str], list[tuple[str, Occurrences]]]


@pytest.fixture
def happened(app: Flask) -> Happened:
    """What the service has handed over of an action, each with its organisation."""
    batches: list[AuditBatch] = []
    counts = AuditCounts(batches.append, forwarded_address)
    counts.register(app)

    def happened(action: str) -> list[tuple[str, Occurrences]]:
        counts.send()
        return [
            (batch.org, each)
            for batch in batches
            for each in batch.occurrences
            if each.event.action == action
        ]

    return happened


def changes(engine: Engine) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        rows = connection.execute(outbox_rows.select().order_by(outbox_rows.c.id)).all()
    return [read_event(row.event)["data"] for row in rows if row.type == "change.recorded"]


def test_a_report_that_is_asked_for_is_a_change(client: Client, engine: Engine) -> None:
    report = ask(client())
    (change,) = changes(engine)
    assert (change["org"], change["action"]) == (ORG, "report.created")
    assert change["actor"] == {"kind": "user", "id": "usr_1"}
    assert change["target"] == {"kind": "report", "id": report}
    assert change["after"] == {"type": "usage", "format": "csv"}


def test_every_download_is_an_event(client: Client, work: Work, happened: Happened) -> None:
    report = ask(client())
    work()
    path = f"/api/v1/reports/{report}"
    link = client().get(path).get_json()["download_url"]
    for _ in range(3):
        assert client().get(f"{path}/download").status_code == 200
    manager = client(sub="usr_2", user="usr_2", scope="reports:read jobs:manage")
    assert manager.get(f"{path}/download").status_code == 200
    assert client().get(link).status_code == 200
    events = happened("report.downloaded")
    assert {org for org, _ in events} == {ORG}
    assert {each.event.target.id for _, each in events} == {report}
    counts = {each.event.actor.id: each.count for _, each in events}
    assert counts == {"usr_1": 3, "usr_2": 1, "anonymous": 1}


def test_another_organisation_finds_nothing_and_makes_no_event(
    client: Client, work: Work, happened: Happened
) -> None:
    report = ask(client())
    work()
    stranger = client(org="org_other", scope="reports:read jobs:manage")
    assert stranger.get(f"/api/v1/reports/{report}/download").status_code == 404
    assert client().get(f"/api/v1/reports/{report}/download?token=x").status_code == 403
    assert happened("report.downloaded") == []


def test_a_permission_that_is_missing_is_an_event(client: Client, happened: Happened) -> None:
    caller = client(sub="key_1", key="key_1", scope="inference", org="org_other")
    assert caller.get("/api/v1/usage").status_code == 403
    ((org, refused),) = happened("permission.refused")
    assert org == "org_other"
    assert tuple(refused.event.actor) == ("key", "key_1")
    assert refused.details == {"method": "GET", "route": "/api/v1/usage"}


def test_test_mode_that_asks_for_what_is_live_is_an_event(
    client: Client, happened: Happened
) -> None:
    caller = client(sub="key_1", key="key_1", project="proj_1", mode="test")
    assert caller.get("/api/v1/usage?mode=live").status_code == 403
    ((_, refused),) = happened("permission.refused")
    assert refused.event.reason == "live_only"
