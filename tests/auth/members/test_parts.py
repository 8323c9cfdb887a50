"""What a person may do in a project, by their role in the organisation, by that in the project, and
by whether the organisation is open: for every route of auth whose objects have a project."""

from typing import Any, NamedTuple

import pytest

from tests.auth.conftest import Key, Org, User
from tests.auth.members.conftest import Projects, close, join

LIMIT: dict[str, Any] = {"metric": "requests", "window": "day", "max": "5"}
NOTHING, VIEWER, MEMBER, ADMIN = range(4)
"""How much somebody may do in a project; the organisation's own admin may do as much."""
RANKS = {"viewer": VIEWER, "member": MEMBER, "admin": ADMIN}
ABOVE = ("owner", "admin")


class Objects(NamedTuple):
    """What there is in a project: of the owner, and of somebody else."""

    project: str
    key: str
    account: str
    limit: str
    member: str


def objects_in(org: Org, project: str) -> Objects:
    """Made by the owner."""
    made: dict[str, Any] = {"name": "made by the owner", "project_id": project}
    account = org.owner.post("/service-accounts", made).get_json()["id"]
    subject = {"kind": "project", "id": project}
    limit = org.owner.post("/limits", {**LIMIT, "subject": subject}).get_json()["id"]
    member = org.user("member")
    join(org, project, member, "viewer")
    return Objects(project, org.key(**made).id, account, limit, member.id)


def rank_of(role: str, membership: str | None, is_open: bool) -> int:
    """What the rules say, written down again."""
    if role in ABOVE:
        return ADMIN
    if membership is not None:
        return RANKS[membership]
    return RANKS[role] if is_open else NOTHING


# Method, path, body, and the rank that it takes. Whoever has less gets 403 where they read there.
# What the route takes in the organisation is 403 for whoever has the permission nowhere.
ROUTES: list[tuple[str, str, Any, int]] = [
    ("GET", "/projects/{project}", None, VIEWER),
    ("GET", "/projects/{project}/members", None, VIEWER),
    ("GET", "/keys/{key}", None, VIEWER),
    ("GET", "/limits/{limit}", None, VIEWER),
    ("GET", "/service-accounts/{account}", None, ADMIN),
    ("POST", "/keys", {"name": "own", "project_id": "{project}"}, MEMBER),
    ("PATCH", "/keys/{key}", {"name": "theirs"}, ADMIN),
    ("PATCH", "/projects/{project}", {"name": "{project}"}, ADMIN),
    ("PATCH", "/projects/{project}/members/{member}", {"role": "member"}, ADMIN),
    ("PATCH", "/limits/{limit}", {"max": "6"}, ADMIN),
    ("PATCH", "/service-accounts/{account}", {"name": "robot"}, ADMIN),
    ("POST", "/service-accounts", {"name": "robot", "project_id": "{project}"}, ADMIN),
    (
        "POST",
        "/limits",
        {**LIMIT, "metric": "tokens", "subject": {"kind": "key", "id": "{key}"}},
        ADMIN,
    ),
    ("POST", "/service-accounts/{account}/rotate", None, ADMIN),
    ("DELETE", "/projects/{project}/members/{member}", None, ADMIN),
    ("DELETE", "/limits/{limit}", None, ADMIN),
    ("DELETE", "/service-accounts/{account}", None, ADMIN),
    ("DELETE", "/keys/{key}", None, ADMIN),
]


def filled(value: Any, objects: Objects) -> Any:
    if isinstance(value, dict):
        return {name: filled(each, objects) for name, each in value.items()}
    return value.format(**objects._asdict()) if isinstance(value, str) else value


@pytest.mark.parametrize("is_open", [True, False], ids=["open", "closed"])
@pytest.mark.parametrize("membership", [None, *RANKS])
@pytest.mark.parametrize("role", ["member", "viewer", "admin"])
def test_every_route_goes_by_the_part_in_the_project(
    org: Org,
    other_org: Org,
    projects: Projects,
    role: str,
    membership: str | None,
    is_open: bool,
) -> None:
    person, objects = org.user(role), objects_in(org, projects.here)
    elsewhere = objects_in(org, projects.there)
    foreign = objects_in(
        other_org, other_org.owner.post("/projects", {"name": "f"}).get_json()["id"]
    )
    if membership:
        join(org, projects.here, person, membership)
    close(org, is_open)
    for method, path, body, needed in ROUTES:
        for rank, place in (
            (rank_of(role, membership, is_open), objects),
            (rank_of(role, None, is_open), elsewhere),
            (NOTHING, foreign),
        ):
            answer = person.call(method, filled(path, place), filled(body, place))
            what = (method, path, place is objects, answer.status_code, answer.text)
            if rank >= needed:
                assert answer.status_code in (200, 201, 204), what
            elif rank == NOTHING:
                assert answer.status_code in (403, 404), what
                assert answer.status_code == 404 or "in the project" not in answer.text, what
            else:
                assert answer.status_code in (403, 404), what


@pytest.fixture
def closed(org: Org, projects: Projects) -> Projects:
    close(org)
    return projects


def ids(person: User, path: str, name: str = "id") -> set[str]:
    answer = person.get(path, query_string={"limit": 100})
    assert answer.status_code == 200, answer.text
    return {row[name] for row in answer.get_json()["data"]}


class TestLists:
    @pytest.mark.parametrize("membership", RANKS)
    def test_a_closed_organisation_shows_what_is_of_ones_projects(
        self, org: Org, closed: Projects, membership: str
    ) -> None:
        person = org.user("member")
        here, there = (objects_in(org, project) for project in closed)
        join(org, closed.here, person, membership)
        assert ids(person, "/projects") == {closed.here}
        assert ids(person, "/keys") == {here.key}
        assert here.limit in ids(person, "/limits")
        assert there.limit not in ids(person, "/limits")

    def test_of_people_whoever_is_closed_sees_their_own_limits(
        self, org: Org, closed: Projects
    ) -> None:
        person, other = org.user("member"), org.user("member")
        join(org, closed.here, person, "admin")
        made = {
            user.id: org.owner.post(
                "/limits", {**LIMIT, "subject": {"kind": "user", "id": user.id}}
            ).get_json()["id"]
            for user in (person, other)
        }
        whole = org.owner.post("/limits", {**LIMIT, "subject": {"kind": "org"}}).get_json()["id"]
        assert ids(person, "/limits") == {made[person.id], whole}
        assert person.get(f"/limits/{made[other.id]}").status_code == 404
        # What is of the organisation and of people is not a project's admin's to change.
        for subject in ({"kind": "org"}, {"kind": "user", "id": person.id}):
            body = {**LIMIT, "metric": "tokens", "subject": subject}
            assert person.post("/limits", body).status_code == 403
        body = {**LIMIT, "subject": {"kind": "user", "id": other.id}}
        assert person.post("/limits", body).status_code == 404
        assert person.patch(f"/limits/{whole}", {"max": "9"}).status_code == 403

    def test_a_projects_admin_sees_its_service_accounts_and_no_others(
        self, org: Org, projects: Projects
    ) -> None:
        person = org.user("member")
        here, there = (objects_in(org, project) for project in projects)
        assert person.get("/service-accounts").status_code == 403
        join(org, projects.here, person, "admin")
        assert ids(person, "/service-accounts") == {here.account}
        assert person.get(f"/service-accounts/{there.account}").status_code == 404


class TestBeyondProjects:
    @pytest.mark.parametrize("is_open", [True, False], ids=["open", "closed"])
    def test_a_projects_admin_does_nothing_in_the_organisation(
        self, org: Org, projects: Projects, is_open: bool
    ) -> None:
        person = org.user("viewer")
        join(org, projects.here, person, "admin")
        close(org, is_open)
        for method, path, body in (
            ("GET", "/users", None),
            ("POST", "/users", {"email": "new@example.com"}),
            ("PATCH", f"/users/{person.id}", {"role": "owner"}),
            ("POST", f"/users/{org.owner_id}/password-reset", None),
            ("GET", "/invitations", None),
            ("POST", "/invitations", {"email": "new@example.com", "role": "viewer"}),
            ("POST", "/projects", {"name": "new"}),
            ("DELETE", f"/projects/{projects.here}", None),
            ("PATCH", "/organisation", {"name": "Mine"}),
            ("GET", "/audit-log", None),
            ("GET", "/sso", None),
        ):
            assert person.call(method, path, body).status_code == 403, (method, path)

    def test_no_key_and_no_account_gets_what_reaches_further(
        self, org: Org, projects: Projects
    ) -> None:
        """A key that its project has alone would have it in the whole organisation."""
        person = org.user("member")
        join(org, projects.here, person, "admin")
        for scope in ("users:write", "limits:write", "projects:write", "users:read"):
            body = {"name": "k", "project_id": projects.here, "scopes": [scope]}
            for path, more in (
                ("/keys", {}),
                ("/keys", {"user_id": None}),
                ("/service-accounts", {}),
            ):
                answer = person.post(path, {**body, **more})
                assert (answer.status_code, answer.get_json()["param"]) == (403, "scopes"), path
        body = {"name": "k", "project_id": projects.here, "scopes": ["inference", "jobs:manage"]}
        assert person.post("/keys", {**body, "user_id": None}).status_code == 201
        assert person.post("/service-accounts", body).status_code == 201
        there = {**body, "project_id": projects.there}
        assert person.post("/keys", there).status_code == 403


class TestKeysOfOthers:
    def test_a_projects_admin_makes_a_key_for_a_member(self, org: Org, closed: Projects) -> None:
        person, member = org.user("viewer"), org.user("viewer")
        join(org, closed.here, person, "admin")
        body = {"name": "for you", "project_id": closed.here, "user_id": member.id}
        assert person.post("/keys", body).get_json()["param"] == "user_id"
        join(org, closed.here, member, "viewer")
        assert person.post("/keys", body).get_json()["param"] == "scopes"
        org.owner.patch(f"/projects/{closed.here}/members/{member.id}", {"role": "member"})
        assert person.post("/keys", body).status_code == 201
        for user_id in (org.owner_id, org.user("admin").id, org.user("billing").id):
            answer = person.post("/keys", {**body, "user_id": user_id})
            assert (answer.status_code, answer.get_json()["param"]) == (403, "user_id")

    def test_a_member_makes_none(self, org: Org, projects: Projects) -> None:
        person, member = org.user("member"), org.user("member")
        join(org, projects.here, person, "member")
        body = {"name": "k", "project_id": projects.here, "user_id": member.id}
        assert person.post("/keys", body).status_code == 403

    def test_limits_of_a_key_come_with_it(self, org: Org, projects: Projects) -> None:
        person, theirs = org.user("member"), org.key(project_id=projects.here)
        assert isinstance(theirs, Key)
        assert person.patch(f"/keys/{theirs.id}", {"limits": [LIMIT]}).status_code == 403
        join(org, projects.here, person, "admin")
        assert person.patch(f"/keys/{theirs.id}", {"limits": [LIMIT]}).status_code == 200


def test_without_a_part_in_the_default_project_a_key_names_its_own(
    org: Org, closed: Projects
) -> None:
    person = org.user("member")
    assert person.post("/keys", {"name": "k"}).status_code == 403
    join(org, closed.here, person, "member")
    answer = person.post("/keys", {"name": "k"})
    assert (answer.status_code, answer.get_json()["param"]) == (404, "project_id")
    assert person.post("/keys", {"name": "k", "project_id": closed.here}).status_code == 201
    assert person.post("/keys", {"name": "k", "project_id": closed.there}).status_code == 404


def test_by_default_everything_is_as_it_was(org: Org) -> None:
    """A new project is everybody's, without a membership."""
    member, viewer = org.user("member"), org.user("viewer")
    project = org.owner.post("/projects", {"name": "new"}).get_json()["id"]
    assert project in ids(member, "/projects") & ids(viewer, "/projects")
    assert member.post("/keys", {"name": "k", "project_id": project}).status_code == 201
    assert viewer.post("/keys", {"name": "k", "project_id": project}).status_code == 403
