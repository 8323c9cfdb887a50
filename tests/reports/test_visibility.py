"""Whose books a caller sees: keys and service accounts those of their project, in their mode; and
reports are their maker's."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

Record = Callable[..., str]
Client = Callable[..., FlaskClient]

NOON = datetime(2026, 11, 10, 12, 7, tzinfo=UTC)
ASKED = {"type": "usage", "period": "2026-11-01/P1M", "format": "csv"}
TESTER = {"project": "proj_2", "mode": "test"}
SCOPE = "usage:read reports:read reports:write"
MANAGER = f"{SCOPE} jobs:manage"
ACCOUNT = {"sub": "sva_1", "user": "sva_1", "key": None, **TESTER}
KEY = {"sub": "key_2", "user": "usr_2", "key": "key_2", **TESTER}


@pytest.fixture(params=[ACCOUNT, KEY], ids=["service account", "key"])
def tester(request: pytest.FixtureRequest, client: Client) -> FlaskClient:
    """A test-mode caller of the project proj_2."""
    return client(**request.param)


@pytest.fixture
def tickets(booked: Record) -> dict[str, str]:
    """The ids of three requests: of another project, of this one's live and its test mode."""
    return {
        "other": booked(NOON, project="proj_1", mode="test", request_id="req_other"),
        "live": booked(NOON, project="proj_2", mode="live", request_id="req_live"),
        "test": booked(NOON, project="proj_2", mode="test", request_id="req_test"),
    }


def requests_of(caller: FlaskClient, **query: str) -> set[str]:
    answer = caller.get("/api/v1/requests", query_string={"period": "2026-11-01/P1M", **query})
    assert answer.status_code == 200, answer.text
    return {row["id"] for row in answer.get_json()["data"]}


def ask(caller: FlaskClient, **more: Any) -> str:
    answer = caller.post("/api/v1/reports", json={**ASKED, **more})
    assert answer.status_code == 202, answer.text
    identity: str = answer.get_json()["id"]
    return identity


def shown(caller: FlaskClient) -> set[str]:
    return {row["id"] for row in caller.get("/api/v1/reports").get_json()["data"]}


class TestBooks:
    def test_a_machine_sees_its_projects_requests_of_its_mode(
        self, tester: FlaskClient, tickets: dict[str, str]
    ) -> None:
        assert requests_of(tester) == requests_of(tester, mode="test") == {tickets["test"]}
        for place in ("requests", "adjustments"):
            tail = "/adjustments" if place == "adjustments" else ""
            found = {
                name: tester.get(f"/api/v1/requests/{ticket}{tail}").status_code
                for name, ticket in tickets.items()
            }
            assert found == {"other": 404, "live": 404, "test": 200}, place

    def test_a_machine_sums_up_its_project_alone(
        self, tester: FlaskClient, tickets: dict[str, str]
    ) -> None:
        asked = {"period": "2026-11-01/P1M", "group_by": "project,mode"}
        answer = tester.get("/api/v1/usage", query_string=asked).get_json()
        (row,) = answer["data"]
        assert (row["project"], row["mode"], row["requests"]) == ("proj_2", "test", 1)

    @pytest.mark.parametrize("place", ["usage", "requests", "usage/unpriced"])
    @pytest.mark.parametrize("mode", ["live", "all"])
    def test_what_is_live_is_refused_in_test_mode(
        self, tester: FlaskClient, place: str, mode: str
    ) -> None:
        answer = tester.get(f"/api/v1/{place}?mode={mode}")
        assert (answer.status_code, answer.get_json()["code"]) == (403, "live_only")
        assert answer.get_json()["param"] == "mode"

    def test_another_project_is_refused_by_name(self, tester: FlaskClient) -> None:
        answer = tester.get("/api/v1/usage?project=proj_1")
        assert (answer.status_code, answer.get_json()["param"]) == (422, "project")

    @pytest.mark.parametrize("mode", ["live", "test", "all"])
    def test_a_live_machine_may_ask_for_either_mode(
        self, client: Client, tickets: dict[str, str], mode: str
    ) -> None:
        caller = client(**{**ACCOUNT, "mode": "live"})
        wanted = {"live", "test"} if mode == "all" else {mode}
        assert requests_of(caller, mode=mode) == {tickets[name] for name in wanted}
        assert requests_of(caller) == {tickets["live"]}

    def test_people_see_all_projects(self, client: Client, tickets: dict[str, str]) -> None:
        assert requests_of(client(), mode="all") == set(tickets.values())


class TestReports:
    @pytest.fixture
    def asked(self, client: Client) -> dict[str, str]:
        """Reports of several callers, by whose they are."""
        return {
            "person": ask(client(mode="live", sub="usr_9", user="usr_9")),
            "other project": ask(client(**{**ACCOUNT, "project": "proj_1"})),
            "live": ask(client(**{**ACCOUNT, "mode": "live"})),
            "account": ask(client(**ACCOUNT)),
            "key": ask(client(**KEY)),
        }

    def test_a_machine_sees_its_own_reports_of_its_project_and_mode(
        self, tester: FlaskClient, client: Client, asked: dict[str, str]
    ) -> None:
        assert shown(client(**ACCOUNT)) == {asked["account"]}
        assert shown(client(**KEY)) == {asked["key"]}
        for name in ("person", "other project", "live"):
            assert tester.get(f"/api/v1/reports/{asked[name]}").status_code == 404
            assert tester.get(f"/api/v1/reports/{asked[name]}/download").status_code == 404

    def test_what_is_live_is_in_no_report_of_a_test_mode_caller(self, tester: FlaskClient) -> None:
        for mode in ("live", "all"):
            answer = tester.post("/api/v1/reports", json={**ASKED, "mode": mode})
            assert (answer.status_code, answer.get_json()["code"]) == (403, "live_only")

    def test_others_reports_take_a_permission(self, client: Client, asked: dict[str, str]) -> None:
        member = {"sub": "usr_2", "user": "usr_2"}
        assert shown(client(**member)) == {asked["key"]}
        assert client(**member).get(f"/api/v1/reports/{asked['person']}").status_code == 404
        assert shown(client(**member, scope=MANAGER)) == set(asked.values())

    def test_a_project_has_the_reports_of_its_keys_that_have_no_user(
        self, client: Client, asked: dict[str, str]
    ) -> None:
        first = ask(client(sub="key_3", key="key_3", user=None, **TESTER))
        assert shown(client(sub="key_4", key="key_4", user=None, **TESTER)) == {first}
