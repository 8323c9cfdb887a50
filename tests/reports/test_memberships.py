"""Books go by the part that somebody has in a project; and a report shows nobody more than its
maker saw, nor what its reader does not see."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from tests.reports.test_visibility import ASKED, ask, requests_of, shown
from tollgate_auth.roles.permissions import PROJECT_ROLES, ROLES
from tollgate_reports.reports.runs import Runs

Record = Callable[..., str]
Client = Callable[..., FlaskClient]

NOON = datetime(2026, 11, 10, 12, 7, tzinfo=UTC)
PERIOD = "2026-11-01/P1M"
HERE, THERE, UNKNOWN = "proj_here", "proj_there", "proj_unknown"


def claims(
    role: str, grants: dict[str, str], *, is_open: bool, user: str = "usr_1"
) -> dict[str, Any]:
    """What auth says of a user with these memberships, by project."""
    scopes = ROLES[role] if is_open else ("models:read",)
    granted = [
        {"scope": " ".join(PROJECT_ROLES[name]), "projects": [project]}
        for project, name in grants.items()
    ]
    closed = {} if is_open else {"closed": True}
    return {
        "sub": user,
        "user": user,
        "scope": " ".join(scopes),
        "grants": granted,
        **closed,
    }


@pytest.fixture
def tickets(booked: Record) -> dict[str, str]:
    """Requests of two projects, of none (a session's), and of another organisation."""
    return {
        "here": booked(NOON, project=HERE, request_id="req_here"),
        "there": booked(NOON, project=THERE, request_id="req_there"),
        "none": booked(NOON, project=None, request_id="req_none"),
        "foreign": booked(NOON, org="org_other", project=HERE, request_id="req_foreign"),
    }


ALL = {"here", "there", "none"}


class TestBooks:
    @pytest.mark.parametrize("role", ["member", "viewer"])
    @pytest.mark.parametrize("membership", list(PROJECT_ROLES))
    def test_a_closed_organisation_shows_ones_projects(
        self, client: Client, tickets: dict[str, str], role: str, membership: str
    ) -> None:
        caller = client(**claims(role, {HERE: membership}, is_open=False))
        assert requests_of(caller) == {tickets["here"]}
        for name in tickets:
            for path in ("", "/adjustments"):
                answer = caller.get(f"/api/v1/requests/req_{name}{path}")
                assert answer.status_code == (200 if name == "here" else 404), (name, path)
        usage = caller.get("/api/v1/usage", query_string={"period": PERIOD, "group_by": "project"})
        assert {row["project"] for row in usage.get_json()["data"]} == {HERE}
        assert usage.get_json()["totals"]["requests"] == 1

    def test_an_open_one_shows_all(self, client: Client, tickets: dict[str, str]) -> None:
        caller = client(**claims("member", {HERE: "viewer"}, is_open=True))
        assert requests_of(caller) == {tickets[name] for name in ALL}

    def test_without_a_part_in_any_project_nothing_is_read(self, client: Client) -> None:
        caller = client(**claims("member", {}, is_open=False))
        for path in ("usage", "usage/unpriced", "requests", "reports"):
            assert caller.get(f"/api/v1/{path}").status_code == 403, path
        assert caller.post("/api/v1/reports", json=ASKED).status_code == 403

    @pytest.mark.parametrize("path", ["usage", "usage/unpriced", "requests"])
    def test_a_project_that_is_not_seen_is_like_one_that_is_not_there(
        self, client: Client, tickets: dict[str, str], path: str
    ) -> None:
        caller = client(**claims("member", {HERE: "member"}, is_open=False))
        answers = [
            caller.get(f"/api/v1/{path}", query_string={"project": project, "period": PERIOD})
            for project in (THERE, UNKNOWN)
        ]
        assert [each.status_code for each in answers] == [422, 422]
        assert answers[0].get_json()["detail"] == answers[1].get_json()["detail"]
        own = caller.get(f"/api/v1/{path}", query_string={"project": HERE, "period": PERIOD})
        assert own.status_code == 200


def content(engine: Engine, client: FlaskClient, report: str) -> str:
    """The report's file, made now."""
    Runs(engine).run(report)
    answer = client.get(f"/api/v1/reports/{report}/download")
    assert answer.status_code == 200, answer.text
    return str(answer.text)


class TestReports:
    def test_a_report_has_what_its_maker_saw_when_they_asked(
        self, client: Client, engine: Engine, tickets: dict[str, str]
    ) -> None:
        member = client(**claims("member", {HERE: "member"}, is_open=False))
        report = ask(member, type="requests")
        made = content(engine, client(**claims("owner", {}, is_open=True)), report)
        assert tickets["here"] in made
        assert not any(tickets[name] in made for name in ("there", "none", "foreign"))

    def test_what_one_reads_as_a_viewer_one_makes_no_reports_of(self, client: Client) -> None:
        viewer = client(**claims("member", {HERE: "viewer"}, is_open=False))
        assert viewer.get("/api/v1/reports").status_code == 200
        assert viewer.post("/api/v1/reports", json=ASKED).status_code == 403
        mixed = client(**claims("member", {HERE: "viewer"}, is_open=True))
        body = {**ASKED, "filters": {"project": HERE}}
        assert mixed.post("/api/v1/reports", json=body).status_code == 403
        assert mixed.post("/api/v1/reports", json=ASKED).status_code == 202

    @pytest.mark.parametrize("project", [THERE, UNKNOWN])
    def test_no_report_is_asked_of_a_project_that_is_not_seen(
        self, client: Client, project: str
    ) -> None:
        caller = client(**claims("member", {HERE: "admin"}, is_open=False))
        body = {**ASKED, "filters": {"project": project}}
        answer = caller.post("/api/v1/reports", json=body)
        assert (answer.status_code, answer.get_json()["param"]) == (422, "project")

    def test_whoever_lost_a_project_sees_no_report_of_it(self, client: Client) -> None:
        both = ask(client(**claims("member", {HERE: "member", THERE: "member"}, is_open=False)))
        one = ask(client(**claims("member", {HERE: "member"}, is_open=False)))
        every = ask(client(**claims("member", {}, is_open=True)))
        narrow = ask(client(**claims("member", {}, is_open=True)), filters={"project": HERE})
        left = client(**claims("member", {HERE: "viewer"}, is_open=False))
        assert shown(left) == {one, narrow}
        for report in (both, every):
            assert left.get(f"/api/v1/reports/{report}").status_code == 404
            assert left.get(f"/api/v1/reports/{report}/download").status_code == 404
        still = client(**claims("member", {HERE: "viewer", THERE: "viewer"}, is_open=False))
        assert shown(still) == {both, one, narrow}

    def test_a_projects_admin_sees_others_reports_of_that_project_alone(
        self, client: Client
    ) -> None:
        other: dict[str, Any] = {"is_open": False, "user": "usr_2"}
        here = ask(client(**claims("member", {HERE: "member"}, **other)))
        ask(client(**claims("member", {THERE: "member"}, **other)))
        ask(client(**claims("member", {HERE: "member", THERE: "member"}, **other)))
        ask(client(**claims("owner", {}, is_open=True, user="usr_3")))
        for is_open in (True, False):
            admin = client(**claims("viewer", {HERE: "admin", THERE: "viewer"}, is_open=is_open))
            assert shown(admin) == {here}
            member = client(**claims("viewer", {HERE: "member"}, is_open=is_open))
            assert shown(member) == set()

    def test_another_organisation_sees_none(self, client: Client) -> None:
        report = ask(client(**claims("member", {HERE: "member"}, is_open=False)))
        foreign = client(org="org_other", **claims("member", {HERE: "admin"}, is_open=False))
        assert shown(foreign) == set()
        assert foreign.get(f"/api/v1/reports/{report}").status_code == 404
