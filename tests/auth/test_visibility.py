"""Keys and service accounts see what is of their project, and in test mode nothing live; nor do
they change in test mode what live calls go by, or make people or links."""

from typing import Any, NamedTuple

import pytest

from tests.auth.conftest import Caller, Key, Org
from tollgate_auth.roles.permissions import PERMISSIONS

SCOPES = [name for name in PERMISSIONS if name != "sso:write"]
LIMIT: dict[str, Any] = {"metric": "requests", "window": "day", "max": "5"}


class Projects(NamedTuple):
    """Two projects, each with a live and a test key, and a service account of either mode."""

    ids: dict[str, str]
    keys: dict[str, Key]
    accounts: dict[str, str]
    limits: dict[str, str]


@pytest.fixture
def projects(org: Org) -> Projects:
    ids, keys, accounts, limits = {}, {}, {}, {}
    for name in ("here", "there"):
        ids[name] = org.owner.post("/projects", {"name": name}).get_json()["id"]
        for mode in ("live", "test"):
            body = {"name": name, "project_id": ids[name], "mode": mode}
            place = f"{name} {mode}"
            keys[place] = org.key(**body, scopes=SCOPES, limits=[LIMIT])
            made = org.owner.post("/service-accounts", {**body, "scopes": SCOPES})
            accounts[place] = made.get_json()["id"]
            limits[f"key {place}"] = keys[place].made["limits"][0]["id"]
            limits[f"user {place}"] = limit(org.owner, "user", accounts[place])
        limits[f"project {name}"] = limit(org.owner, "project", ids[name])
    limits["org"] = limit(org.owner, "org", org.id)
    return Projects(ids, keys, accounts, limits)


@pytest.fixture(params=["key", "account"])
def machine(request: pytest.FixtureRequest, org: Org, projects: Projects) -> dict[str, Caller]:
    """The project's callers of one kind, by mode."""
    if request.param == "key":
        return {mode: projects.keys[f"here {mode}"] for mode in ("live", "test")}
    return {
        mode: Caller(org.app, user_id=projects.accounts[f"here {mode}"])
        for mode in ("live", "test")
    }


def limit(by: Caller, kind: str, subject: str) -> str:
    made = by.post("/limits", {**LIMIT, "subject": {"kind": kind, "id": subject}})
    assert made.status_code == 201, made.text
    return str(made.get_json()["id"])


def ids(caller: Caller, path: str, **query: str) -> set[str]:
    answer = caller.get(path, query_string={"limit": 100, **query})
    assert answer.status_code == 200, answer.text
    return {row["id"] for row in answer.get_json()["data"]}


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["code"]


class TestProject:
    def test_keys_and_accounts_of_other_projects_are_not_there(
        self, projects: Projects, machine: dict[str, Caller]
    ) -> None:
        caller = machine["live"]
        assert ids(caller, "/keys") == {
            key.id for place, key in projects.keys.items() if place.startswith("here")
        }
        assert ids(caller, "/service-accounts") == {
            account for place, account in projects.accounts.items() if place.startswith("here")
        }
        other, account = projects.keys["there live"].id, projects.accounts["there live"]
        assert caller.get(f"/keys/{other}").status_code == 404
        assert caller.patch(f"/keys/{other}", {"name": "mine"}).status_code == 404
        assert caller.post(f"/keys/{other}/rotate").status_code == 404
        assert caller.delete(f"/keys/{other}").status_code == 404
        assert caller.get(f"/service-accounts/{account}").status_code == 404
        assert caller.post(f"/service-accounts/{account}/rotate").status_code == 404
        assert caller.delete(f"/service-accounts/{account}").status_code == 404

    def test_limits_of_other_projects_are_not_there(
        self, projects: Projects, machine: dict[str, Caller]
    ) -> None:
        caller = machine["live"]
        elsewhere = {id_ for name, id_ in projects.limits.items() if "there" in name}
        assert ids(caller, "/limits") == set(projects.limits.values()) - elsewhere
        for id_ in elsewhere:
            assert caller.get(f"/limits/{id_}").status_code == 404
            assert caller.patch(f"/limits/{id_}", {"max": "9"}).status_code == 404
            assert caller.delete(f"/limits/{id_}").status_code == 404

    def test_nothing_of_another_project_is_given_a_limit(
        self, projects: Projects, machine: dict[str, Caller]
    ) -> None:
        for kind, subject in (
            ("project", projects.ids["there"]),
            ("key", projects.keys["there live"].id),
            ("user", projects.accounts["there live"]),
        ):
            body = {**LIMIT, "metric": "tokens", "subject": {"kind": kind, "id": subject}}
            assert machine["live"].post("/limits", body).status_code == 404, kind

    def test_people_see_all_projects(self, org: Org, projects: Projects) -> None:
        assert ids(org.owner, "/keys") == {key.id for key in projects.keys.values()}
        assert ids(org.owner, "/limits") == set(projects.limits.values())


class TestTestMode:
    def test_only_what_is_in_test_mode_is_listed(
        self, projects: Projects, machine: dict[str, Caller]
    ) -> None:
        caller = machine["test"]
        assert ids(caller, "/keys") == {projects.keys["here test"].id}
        assert ids(caller, "/service-accounts") == {projects.accounts["here test"]}
        assert projects.limits["key here test"] in ids(caller, "/limits")
        assert projects.limits["key here live"] not in ids(caller, "/limits")
        figures = caller.get("/limits").get_json()["data"]
        assert {row["counted"] for row in figures} == {"test"}

    @pytest.mark.parametrize("path", ["/keys", "/service-accounts", "/limits"])
    def test_what_is_live_is_refused(self, machine: dict[str, Caller], path: str) -> None:
        assert refusal(machine["test"].get(f"{path}?mode=live")) == (403, "live_only")
        assert machine["live"].get(f"{path}?mode=test").status_code == 200

    def test_live_keys_are_refused_by_their_ids(
        self, projects: Projects, machine: dict[str, Caller]
    ) -> None:
        caller, path = machine["test"], f"/keys/{projects.keys['here live'].id}"
        assert refusal(caller.get(path)) == (403, "live_only")
        assert refusal(caller.patch(path, {"name": "mine"})) == (403, "live_only")
        assert refusal(caller.post(f"{path}/rotate")) == (403, "live_only")
        assert refusal(caller.delete(path)) == (403, "live_only")

    def test_what_live_calls_go_by_is_not_changed(
        self, org: Org, projects: Projects, machine: dict[str, Caller]
    ) -> None:
        caller, subject = machine["test"], {"kind": "org", "id": org.id}
        a_limit, project = projects.limits["org"], projects.ids["here"]
        account = projects.accounts["here test"]
        person = {"email": "made-in-test-mode@example.com", "role": "viewer"}
        for method, path, body in (
            ("POST", "/limits", {**LIMIT, "subject": subject}),
            ("PATCH", f"/limits/{a_limit}", {"max": "1000000"}),
            ("DELETE", f"/limits/{a_limit}", None),
            ("PATCH", "/organisation", {"name": "Mine"}),
            ("POST", "/projects", {"name": "new"}),
            ("PATCH", f"/projects/{project}", {"name": "new"}),
            ("DELETE", f"/projects/{project}", None),
            ("POST", "/users", person),
            ("PATCH", f"/users/{org.owner_id}", {"name": "Me"}),
            ("POST", f"/users/{org.owner_id}/password-reset", None),
            ("POST", f"/users/{org.owner_id}/offboard", {"revoke": True}),
            ("DELETE", f"/users/{org.owner_id}/identities/company", None),
            ("POST", "/invitations", person),
            ("POST", "/service-accounts", {"name": "robot", "mode": "test"}),
            ("PATCH", f"/service-accounts/{account}", {"name": "robot"}),
            ("POST", f"/service-accounts/{account}/rotate", None),
            ("GET", "/audit-log", None),
        ):
            answer = caller.call(method, path, body)
            assert refusal(answer) == (403, "live_only"), (method, path)
            assert "live key" in answer.get_json()["detail"]

    def test_test_keys_are_handled(self, org: Org, machine: dict[str, Caller]) -> None:
        caller = machine["test"]
        made = org.key(by=caller, mode="test", scopes=["inference"])
        assert caller.patch(f"/keys/{made.id}", {"name": "renamed"}).status_code == 200
        assert caller.post(f"/keys/{made.id}/rotate").status_code == 200
        assert caller.delete(f"/keys/{made.id}").status_code == 204
        assert caller.post("/keys", {"name": "k", "mode": "live"}).status_code == 403
