"""A project's rules bound the keys in it that are made by whoever may not change the project."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from tests.auth.conftest import Caller, Key, Org, User
from tollgate_auth.keys import excesses

BUDGET: dict[str, Any] = {"metric": "cost_usd", "window": "month", "max": "25.00"}
RULES: dict[str, Any] = {"models": ["gpt-*"], "max_limits": [BUDGET], "max_days": 30}
MANAGING = ["inference", "keys:write", "users:write", "users:read", "limits:write"]


def in_days(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


def project_with(org: Org, rules: dict[str, Any] | None) -> str:
    made = org.owner.post("/projects", {"name": "bound", "key_rules": rules})
    assert made.status_code == 201, made.text
    return str(made.get_json()["id"])


@pytest.fixture
def project(org: Org) -> str:
    return project_with(org, RULES)


@pytest.fixture
def fitting(project: str) -> dict[str, Any]:
    """A key as the rules want it."""
    return {
        "name": "a key",
        "project_id": project,
        "models": ["gpt-4*"],
        "limits": [BUDGET],
        "expires_at": in_days(29),
    }


@pytest.fixture(params=["person", "key", "service account"])
def bound(org: Org, project: str, request: pytest.FixtureRequest) -> Caller:
    """Somebody who may make keys and not change the project."""
    if request.param == "person":
        return org.user("member")
    if request.param == "key":
        return org.key(project_id=project, scopes=MANAGING)
    body = {"name": "robot", "project_id": project, "scopes": MANAGING}
    return Caller(org.app, user_id=org.owner.post("/service-accounts", body).get_json()["id"])


def refusal(answer: Any) -> tuple[int, str | None, str]:
    body = answer.get_json()
    return answer.status_code, body.get("param"), str(body.get("detail"))


TOO_MUCH: list[tuple[dict[str, Any], str, str]] = [
    ({"models": ["*"]}, "models", 'models: "*" is more than the project\'s "gpt-*".'),
    ({"models": ["gpt-4*", "o3"]}, "models", 'models: "o3" is more'),
    ({"expires_at": None}, "expires_at", 'expires_at: "never" is more than the project\'s "'),
    ({"expires_at": in_days(31)}, "expires_at", "expires_at: "),
    (
        {"limits": []},
        "limits",
        'limits: "cost_usd per month: no limit" is more than the project\'s'
        ' "cost_usd per month: 25.00".',
    ),
    ({"limits": [BUDGET | {"max": "25.01"}]}, "limits", 'limits: "cost_usd per month: 25.01" is'),
    ({"limits": [BUDGET | {"window": "day"}]}, "limits", "limits: "),
    ({"limits": [BUDGET | {"mode": "warn"}]}, "limits", "limits: "),
    ({"limits": [BUDGET | {"models": ["gpt-4o"]}]}, "limits", "limits: "),
]


class TestMaking:
    @pytest.mark.parametrize(("change", "dimension", "detail"), TOO_MUCH)
    def test_a_key_that_outgrows_the_rules_is_refused(
        self, bound: Caller, fitting: dict[str, Any], change: Any, dimension: str, detail: str
    ) -> None:
        status, param, said = refusal(bound.post("/keys", fitting | change))
        assert (status, param) == (403, dimension)
        assert said.startswith(detail)

    def test_what_is_left_out_is_refused_like_what_is_too_much(
        self, bound: Caller, project: str
    ) -> None:
        answer = bound.post("/keys", {"name": "a key", "project_id": project})
        assert refusal(answer)[:2] == (403, "models")

    def test_a_key_within_the_rules_is_made(self, bound: Caller, fitting: dict[str, Any]) -> None:
        assert bound.post("/keys", fitting).status_code == 201
        less = {"limits": [BUDGET | {"max": "1"}], "expires_at": in_days(1)}
        assert bound.post("/keys", fitting | less).status_code == 201

    def test_a_limit_that_binds_all_models_of_the_key_is_enough(
        self, org: Org, fitting: dict[str, Any]
    ) -> None:
        narrow = {"models": ["gpt-4o"], "limits": [BUDGET | {"models": ["gpt-4*"]}]}
        assert org.user("member").post("/keys", fitting | narrow).status_code == 201

    @pytest.mark.parametrize("role", ["owner", "admin"])
    def test_whoever_may_change_the_rules_is_not_bound(
        self, org: Org, project: str, role: str
    ) -> None:
        free = org.key(by=org.user(role), project_id=project)
        assert free.made["limits"] == []
        maker = org.key(scopes=["projects:write", "keys:write"], project_id=project)
        assert org.key(by=maker, scopes=["keys:write"]).made["expires_at"] is None

    def test_other_projects_have_no_rules(self, org: Org, project: str) -> None:
        assert org.key(by=org.user("member")).made["project_id"] != project

    def test_an_administrator_makes_for_somebody_what_they_could_not_make(
        self, org: Org, project: str
    ) -> None:
        member = org.user("member")
        theirs = org.key(by=org.user("admin"), user_id=member.id, project_id=project)
        assert theirs.made["user_id"] == member.id
        assert member.patch(f"/keys/{theirs.id}", {"name": "renamed"}).status_code == 200
        assert refusal(member.post(f"/keys/{theirs.id}/rotate"))[:2] == (403, "models")


class TestChanging:
    @pytest.fixture
    def member(self, org: Org) -> User:
        return org.user("member")

    @pytest.fixture
    def key(self, org: Org, member: User, fitting: dict[str, Any]) -> Key:
        return org.key(by=member, **fitting)

    @pytest.mark.parametrize(
        "change", [{"models": ["*"]}, {"expires_at": None}, {"expires_at": in_days(31)}]
    )
    def test_a_key_sheds_none_of_the_bounds(
        self, member: User, key: Key, change: dict[str, Any]
    ) -> None:
        (dimension,) = change
        assert refusal(member.patch(f"/keys/{key.id}", change))[:2] == (403, dimension)
        assert member.patch(f"/keys/{key.id}", {"models": ["gpt-4o"]}).status_code == 200

    def test_limits_are_not_lifted(self, org: Org, key: Key, project: str) -> None:
        by = org.key(project_id=project, scopes=MANAGING)
        (limit,) = key.made["limits"]
        path = f"/limits/{limit['id']}"
        assert refusal(by.patch(f"/keys/{key.id}", {"limits": []}))[:2] == (403, "limits")
        assert refusal(by.patch(path, {"max": "26"}))[:2] == (403, "limits")
        assert refusal(by.patch(path, {"mode": "warn"}))[:2] == (403, "limits")
        assert refusal(by.patch(path, {"models": ["gpt-3"]}))[:2] == (403, "limits")
        assert refusal(by.delete(path))[:2] == (403, "limits")
        assert org.owner.get(path).get_json()["max"] == "25.00"
        assert by.patch(path, {"max": "20"}).status_code == 200
        assert org.owner.delete(path).status_code == 204

    def test_a_key_from_before_is_only_narrowed(self, org: Org, member: User) -> None:
        project = project_with(org, None)
        key = org.key(by=member, project_id=project)
        changed = org.owner.patch(f"/projects/{project}", {"key_rules": RULES})
        assert changed.status_code == 200
        assert member.patch(f"/keys/{key.id}", {"models": ["o3"]}).status_code == 200
        wider = {"models": ["gpt-*"]}
        assert refusal(member.patch(f"/keys/{key.id}", wider))[:2] == (403, "expires_at")
        assert refusal(member.post(f"/keys/{key.id}/rotate"))[:2] == (403, "models")
        assert key.principal().may_use("o3")

    def test_a_key_that_fits_is_rotated(self, member: User, key: Key) -> None:
        assert member.post(f"/keys/{key.id}/rotate").status_code == 200

    def test_no_key_is_given_away_that_outgrows_the_rules(
        self, org: Org, member: User, project: str
    ) -> None:
        own = org.key(project_id=project)
        by = org.key(project_id=project, scopes=MANAGING)
        given = by.patch(f"/keys/{own.id}", {"user_id": None})
        assert refusal(given)[:2] == (403, "models")
        assert org.owner.patch(f"/keys/{own.id}", {"user_id": member.id}).status_code == 200


class TestServiceAccounts:
    def test_their_models_are_bound(self, org: Org, project: str) -> None:
        by = org.key(project_id=project, scopes=MANAGING)
        assert refusal(by.post("/service-accounts", {"name": "r"}))[:2] == (403, "models")
        made = by.post("/service-accounts", {"name": "r", "models": ["gpt-*"]})
        path = f"/service-accounts/{made.get_json()['id']}"
        assert refusal(by.patch(path, {"models": ["*"]}))[:2] == (403, "models")
        assert by.patch(path, {"models": ["gpt-4o"]}).status_code == 200
        assert by.post(f"{path}/rotate").status_code == 200
        assert org.owner.patch(path, {"models": ["*"]}).status_code == 200
        assert refusal(by.post(f"{path}/rotate"))[:2] == (403, "models")


class TestRules:
    def test_they_are_shown_audited_replaced_and_cleared(self, org: Org, project: str) -> None:
        path = f"/projects/{project}"
        assert org.owner.get(path).get_json()["key_rules"] == RULES
        assert org.user("member").get("/projects").get_json()["data"][0]["key_rules"] == RULES
        changed = org.owner.patch(path, {"key_rules": {"max_days": 7}}).get_json()
        assert changed["key_rules"] == {"models": None, "max_limits": [], "max_days": 7}
        assert org.owner.patch(path, {"name": "renamed"}).get_json()["key_rules"]["max_days"] == 7
        entries = org.owner.get(f"/audit-log?target={project}").get_json()["data"]
        assert entries[1]["before"]["key_rules"] == RULES
        assert entries[1]["after"]["key_rules"]["max_days"] == 7
        no_rules: list[dict[str, Any] | None] = [None, {}]
        for none in no_rules:
            org.owner.patch(path, {"key_rules": {"max_days": 7}})
            cleared = org.owner.patch(path, {"key_rules": none}).get_json()
            assert cleared["key_rules"] is None
        assert org.key(by=org.user("member"), project_id=project).made["models"] == ["*"]

    @pytest.mark.parametrize(
        ("rules", "param"),
        [
            ({"max_days": -1}, "max_days"),
            ({"max_days": 0}, "max_days"),
            ({"max_days": True}, "max_days"),
            ({"max_days": 100_000}, "max_days"),
            ({"models": []}, "models"),
            ({"models": [""]}, "models.0"),
            ({"max_limits": [BUDGET | {"metric": "karma"}]}, "max_limits.0.metric"),
            ({"max_limits": [BUDGET | {"window": "minute"}]}, "max_limits.0.window"),
            ({"max_limits": [BUDGET | {"max": "-1"}]}, "max_limits.0.max"),
            ({"max_limits": [BUDGET | {"mode": "warn"}]}, "max_limits.0.mode"),
            ({"max_limits": [BUDGET, BUDGET | {"max": "1"}]}, "max_limits"),
            ({"max_weeks": 1}, "max_weeks"),
            (7, None),
        ],
    )
    def test_nonsense_is_422_and_named(
        self, org: Org, project: str, rules: Any, param: str | None
    ) -> None:
        named = f"key_rules.{param}" if param else "key_rules"
        for answer in (
            org.owner.patch(f"/projects/{project}", {"key_rules": rules}),
            org.owner.post("/projects", {"name": "other", "key_rules": rules}),
        ):
            assert refusal(answer)[:2] == (422, named)

    def test_they_are_changed_by_whoever_may_change_projects_of_the_organisation(
        self, org: Org, other_org: Org, project: str, unknown_id: Callable[[str], str]
    ) -> None:
        path, body = f"/projects/{project}", {"key_rules": None}
        assert org.user("member").patch(path, body).status_code == 403
        theirs = other_org.owner.patch(path, body)
        nobodys = other_org.owner.patch(f"/projects/{unknown_id('proj')}", body)
        assert refusal(theirs) == refusal(nobodys)
        assert theirs.status_code == 404
        assert org.owner.get(path).get_json()["key_rules"] == RULES
        made = other_org.user("member").post("/keys", {"name": "k", "project_id": project})
        assert made.status_code == 404

    def test_keys_that_outgrow_them_are_listed_and_go_on(self, empty_app: Flask) -> None:
        org = Org(empty_app)
        member, project = org.user("member"), project_with(org, None)
        body: dict[str, Any] = {"project_id": project, "models": ["gpt-*"]}
        body["expires_at"] = in_days(29)
        theirs = org.key(by=member, project_id=project)
        nobodys = org.key(user_id=None, **body)
        org.key(by=org.user("admin"), project_id=project)
        org.key(by=member, limits=[BUDGET], **body)
        org.owner.patch(f"/projects/{project}", {"key_rules": RULES})
        with empty_app.app_context():
            listed = dict(excesses.outgrown())
        assert listed == {
            theirs.id: 'models: "*" is more than the project\'s "gpt-*".',
            nobodys.id: 'limits: "cost_usd per month: no limit" is more than the project\'s'
            ' "cost_usd per month: 25.00".',
        }
        assert theirs.principal().may_use("o3")
