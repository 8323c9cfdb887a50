"""What keys and service accounts make is within them, and counts on their own counters."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.auth.conftest import Caller, Key, Org
from tests.auth.members.conftest import close, join
from tests.auth.test_every_limit import every

SCOPES = ["inference", "keys:read", "keys:write", "users:read", "users:write", "limits:write"]
DAY: dict[str, Any] = {"metric": "requests", "window": "day", "max": "1"}
END = (datetime.now(UTC) + timedelta(days=1)).isoformat()
LATER = (datetime.now(UTC) + timedelta(days=2)).isoformat()


@pytest.fixture
def held(org: Org) -> Key:
    """A key that is bound in every dimension."""
    return org.key(
        scopes=SCOPES, models=["sandbox"], networks=["127.0.0.0/8"], expires_at=END, limits=[DAY]
    )


def refusal(answer: Any) -> tuple[int, str | None, str]:
    body = answer.get_json()
    return answer.status_code, body.get("param"), str(body.get("detail"))


def child(**changes: Any) -> dict[str, Any]:
    bound = {"models": ["sandbox"], "networks": ["127.0.0.1"], "expires_at": END}
    return {"name": "child"} | bound | changes


def made(by: Caller, **changes: Any) -> Key:
    answer = by.post("/keys", child(**changes))
    assert answer.status_code == 201, answer.text
    return Key(by.app, answer.json)


@pytest.mark.parametrize(
    ("change", "dimension"),
    [
        ({"models": ["*"]}, "models"),
        ({"models": ["sandbox", "gpt-*"]}, "models"),
        ({"networks": []}, "networks"),
        ({"networks": ["0.0.0.0/0"]}, "networks"),
        ({"expires_at": None}, "expires_at"),
        ({"expires_at": LATER}, "expires_at"),
        ({"scopes": ["audit:read"]}, "scopes"),
    ],
)
def test_a_key_makes_none_that_may_do_more(
    held: Key, change: dict[str, Any], dimension: str
) -> None:
    status, param, detail = refusal(held.post("/keys", child(**change)))
    assert (status, param) == (403, dimension)
    assert detail.startswith(f"{dimension}: ")
    assert "is more than this key's" in detail


@pytest.mark.parametrize(
    "change", [{"models": ["*"]}, {"networks": []}, {"expires_at": None}, {"expires_at": LATER}]
)
def test_a_key_sheds_nothing_of_itself(held: Key, change: dict[str, Any]) -> None:
    (dimension,) = change
    assert refusal(held.patch(f"/keys/{held.id}", change))[:2] == (403, dimension)


def test_a_key_may_be_narrowed_by_itself(held: Key) -> None:
    assert held.patch(f"/keys/{held.id}", {"networks": ["127.0.0.1"]}).status_code == 200


def test_a_key_lifts_no_limit_that_binds_it(org: Org, held: Key) -> None:
    (limit,) = held.made["limits"]
    assert refusal(held.patch(f"/keys/{held.id}", {"limits": []}))[:2] == (403, "limits")
    assert refusal(held.patch(f"/limits/{limit['id']}", {"max": "9"}))[:2] == (403, "limits")
    assert refusal(held.delete(f"/limits/{limit['id']}"))[:2] == (403, "limits")
    below = made(held, scopes=SCOPES)
    assert refusal(below.delete(f"/limits/{limit['id']}"))[:2] == (403, "limits")
    assert org.owner.patch(f"/limits/{limit['id']}", {"max": "9"}).status_code == 200


def test_a_key_makes_keys_for_its_own_project(org: Org, held: Key) -> None:
    other = org.owner.post("/projects", {"name": "other"}).get_json()["id"]
    assert refusal(held.post("/keys", child(project_id=other)))[:2] == (403, "project_id")
    mine = org.key(scopes=SCOPES, project_id=other)
    assert made(mine).made["project_id"] == other


def test_a_key_rotates_no_sibling_that_may_do_more(org: Org, held: Key) -> None:
    sibling = org.key(models=["sandbox"], networks=["127.0.0.1"], expires_at=END)
    assert refusal(held.post(f"/keys/{sibling.id}/rotate"))[:2] == (403, "limits")
    free = org.key()
    assert refusal(held.post(f"/keys/{free.id}/rotate"))[:2] == (403, "models")
    assert held.post(f"/keys/{held.id}/rotate").status_code == 200
    assert held.post(f"/keys/{made(held).id}/rotate").status_code == 200


def test_an_administrator_widens_no_key_that_may_do_more_than_they(org: Org) -> None:
    theirs = org.key(scopes=["sso:write"], networks=["10.0.0.0/8"])
    admin = org.user("admin")
    assert refusal(admin.patch(f"/keys/{theirs.id}", {"networks": []}))[:2] == (403, "scopes")
    assert admin.patch(f"/keys/{theirs.id}", {"networks": ["10.1.0.0/16"]}).status_code == 200


def test_a_bound_key_makes_no_account_and_no_person_that_may_do_more(org: Org, held: Key) -> None:
    account = {"name": "robot", "models": ["*"]}
    assert refusal(held.post("/service-accounts", account))[:2] == (403, "models")
    person = {"email": "made-by-a-key@example.com", "role": "viewer"}
    assert refusal(held.post("/users", person))[0] == 403
    viewer, reading = org.user("viewer"), org.owner.get("/roles?name=viewer").get_json()
    scopes = [*reading["data"][0]["permissions"], "users:write"]
    key = org.key(scopes=scopes, models=["sandbox"])
    for path, body in (
        ("/users", person),
        ("/invitations", person),
        (f"/users/{viewer.id}/password-reset", None),
    ):
        assert refusal(key.post(path, body))[:2] == (403, "models"), path


@pytest.mark.parametrize("path", ["/users", "/invitations"])
def test_a_machine_makes_nobody_who_sees_more_projects_than_it(org: Org, path: str) -> None:
    (role,) = org.owner.get("/roles?name=member").get_json()["data"]
    key = org.key(scopes=[*role["permissions"], "users:write"])
    person = {"email": f"{secrets.token_hex(6)}@example.com", "role": "member"}
    assert refusal(key.post(path, person))[:2] == (403, "project_id")
    close(org)
    assert key.post(path, person).status_code == 201


def test_a_machine_helps_nobody_into_an_account_that_sees_other_projects(org: Org) -> None:
    close(org)
    (role,) = org.owner.get("/roles?name=member").get_json()["data"]
    key = org.key(scopes=[*role["permissions"], "users:write"])
    user = org.user("member")
    assert key.post(f"/users/{user.id}/password-reset").status_code == 201
    elsewhere = org.owner.post("/projects", {"name": "elsewhere"}).get_json()["id"]
    join(org, elsewhere, user, "viewer")
    refused = refusal(key.post(f"/users/{user.id}/password-reset"))
    assert refused == (
        403,
        "project_id",
        f'project_id: "{elsewhere}" is more than this key\'s "{key.made["project_id"]}".',
    )
    assert key.patch(f"/users/{user.id}", {"active": False}).status_code == 200
    assert refusal(key.patch(f"/users/{user.id}", {"active": True}))[:2] == (403, "project_id")


def test_a_child_is_held_to_its_makers_limits_on_their_counters(org: Org, held: Key) -> None:
    (limit,) = held.made["limits"]
    below = made(held, scopes=["inference", "keys:write"])
    deepest = made(below)
    for key in (below, deepest):
        assert [each.id for each in key.principal().limits] == [limit["id"]]
    counted = {each["id"]: each for each in every(org.app)}[limit["id"]]["counts_also"]
    assert counted == {"key": sorted([below.id, deepest.id]), "user": []}


def test_an_account_of_a_key_is_held_to_the_keys_limits(org: Org) -> None:
    maker = org.key(scopes=SCOPES, limits=[DAY])
    answer = maker.post("/service-accounts", {"name": "robot", "scopes": SCOPES})
    account = Caller(org.app, user_id=answer.get_json()["id"])
    its_key = org.key(by=account)
    for caller in (account, its_key):
        assert [each.subject.id for each in caller.principal().limits] == [maker.id]
    (limit,) = maker.made["limits"]
    counted = {each["id"]: each for each in every(org.app)}[limit["id"]]["counts_also"]
    assert counted == {"key": [its_key.id], "user": [answer.get_json()["id"]]}


def test_a_change_to_a_makers_limit_raises_the_versions_of_all_that_descend(org: Org) -> None:
    maker = org.key(scopes=SCOPES, limits=[DAY])
    below = made(maker)
    account = maker.post("/service-accounts", {"name": "robot"}).get_json()["id"]
    callers = (below, Caller(org.app, user_id=account))
    before = [caller.principal().version for caller in callers]
    org.owner.patch(f"/limits/{maker.made['limits'][0]['id']}", {"max": "2"})
    after = [caller.principal() for caller in callers]
    assert [one.version for one in after] == [version + 1 for version in before]
    assert {one.limits[0].max for one in after} == {"2"}


def test_a_maker_that_is_revoked_leaves_its_children_and_their_bounds(org: Org) -> None:
    maker = org.key(scopes=SCOPES, limits=[DAY])
    below = made(maker)
    org.owner.delete(f"/keys/{maker.id}")
    assert [each.subject.id for each in below.principal().limits] == [maker.id]


def test_a_makers_key_that_is_narrowed_narrows_what_it_made(org: Org) -> None:
    maker = org.key(scopes=SCOPES)
    below = made(maker, models=["gpt-*"], networks=[])
    org.owner.patch(f"/keys/{maker.id}", {"models": ["gpt-4*"], "networks": ["10.0.0.0/8"]})
    principal = below.principal()
    assert principal.may_use("gpt-4o")
    assert not principal.may_use("gpt-3")
    assert principal.networks == ("10.0.0.0/8",)
