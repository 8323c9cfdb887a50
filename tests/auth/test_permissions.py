"""What each role may do, and that organisations do not see each other."""

from collections.abc import Callable

import pytest

from tests.auth.conftest import Org
from tollgate_auth.roles.permissions import (
    ABOVE_PROJECTS,
    PROJECT_PERMISSIONS,
    PROJECT_ROLES,
    ROLES,
)

CALLS = [
    ("GET", "/projects", None, "projects:read"),
    ("POST", "/projects", {"name": "p"}, "projects:write"),
    ("GET", "/keys", None, "keys:read"),
    ("POST", "/keys", {"name": "k", "scopes": []}, "keys:write"),
    ("GET", "/users", None, "users:read"),
    ("POST", "/users", {"email": "new@example.com", "role": "viewer"}, "users:write"),
    ("GET", "/limits", None, "limits:read"),
    ("GET", "/audit-log", None, "audit:read"),
]


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_role_may_what_its_permissions_say_and_no_more(org: Org, role: str) -> None:
    user = org.user(role)
    for method, path, body, permission in CALLS:
        answer = user.call(method, path, body)
        allowed = permission in ROLES[role]
        assert (answer.status_code == 403) == (not allowed), (role, method, path, answer.text)
        if not allowed:
            assert permission in answer.get_json()["detail"]


@pytest.mark.parametrize("role", sorted(PROJECT_ROLES))
def test_no_project_role_reads_less_than_the_organisations_viewer(role: str) -> None:
    """So whoever reads in the organisation reads in every project of an open one
    (`tollgate_common.visibility`)."""
    for name in {"member", "viewer"}:
        reading = {each for each in ROLES[name] if each.endswith(":read")}
        assert reading & PROJECT_PERMISSIONS <= set(PROJECT_ROLES[role])


def test_roles_above_projects_are_those_that_a_membership_would_cut() -> None:
    """A member or viewer has nothing that a membership takes away but what it is about."""
    assert set(ROLES) - ABOVE_PROJECTS == {"member", "viewer"}
    for name in set(ROLES) - ABOVE_PROJECTS:
        assert set(ROLES[name]) - PROJECT_PERMISSIONS == {"models:read"}


@pytest.mark.parametrize("noun", ["projects", "keys", "users", "limits"])
def test_an_unknown_or_misspelt_id_is_404(
    org: Org, noun: str, unknown_id: Callable[[str], str]
) -> None:
    prefixes = {"projects": "proj", "keys": "key", "users": "usr", "limits": "lim"}
    for one in (unknown_id(prefixes[noun]), "nothing", "%00", "' OR 1=1", "x" * 5000):
        assert org.owner.get(f"/{noun}/{one}").status_code == 404


def test_organisations_do_not_see_each_other(org: Org, other_org: Org) -> None:
    project = org.owner.post("/projects", {"name": "secret"}).get_json()["id"]
    body = {"subject": {"kind": "org", "id": org.id}, "metric": "requests", "window": "day",
            "max": "1"}  # fmt: skip
    limit = org.owner.post("/limits", body).get_json()["id"]
    for path in (f"/projects/{project}", f"/users/{org.owner_id}", f"/limits/{limit}"):
        assert org.owner.get(path).status_code == 200
        assert other_org.owner.get(path).status_code == 404
    refused = other_org.owner.post("/limits", body)
    assert refused.status_code in (404, 422)
    assert other_org.owner.post("/keys", {"name": "k", "project_id": project}).status_code == 404


def test_a_list_is_paged_by_its_cursor(org: Org) -> None:
    for number in range(5):
        org.owner.post("/projects", {"name": f"p{number}"})
    seen, cursor = [], ""
    while cursor is not None:
        page = org.owner.get(
            f"/projects?limit=2&cursor={cursor}" if cursor else "/projects?limit=2"
        )
        seen += [item["id"] for item in page.get_json()["data"]]
        cursor = page.get_json()["next_cursor"]
    assert len(seen) == len(set(seen)) == 6


@pytest.mark.parametrize("query", ["limit=0", "limit=1000", "limit=x", "cursor=x%00"])
def test_a_wrong_query_is_4xx(org: Org, query: str) -> None:
    assert 400 <= org.owner.get(f"/keys?{query}").status_code < 500
