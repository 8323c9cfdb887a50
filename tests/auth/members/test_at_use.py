"""What a credential does at any moment is what its person may do then: keys are cut to their
holder's part in the project, sessions carry what memberships allow, and a change is announced."""

from typing import Any

import pytest

from tests.auth.conftest import PASSWORD, Caller, Key, Org, Service, User
from tests.auth.members.conftest import Projects, close, join, leave
from tollgate_auth.keys.excesses import outgrown
from tollgate_auth.roles.permissions import PROJECT_ROLES, ROLES
from tollgate_common.errors import NotFound

SCOPES = ["inference", "keys:write", "usage:read", "models:read"]


@pytest.fixture
def person(org: Org) -> User:
    return org.user("member", password=PASSWORD)


@pytest.fixture
def key(org: Org, person: User, projects: Projects) -> Key:
    """The person's, made while the organisation was open."""
    return org.key(by=person, project_id=projects.here, scopes=SCOPES)


def scopes(caller: Caller) -> set[str]:
    return set(caller.principal().scopes)


def works(caller: Caller) -> bool:
    try:
        caller.principal()
    except NotFound:
        return False
    return True


class TestKeys:
    def test_a_membership_bounds_its_holders_keys_in_the_project(
        self, org: Org, projects: Projects, person: User, key: Key
    ) -> None:
        other = org.key(by=person, project_id=projects.there, scopes=SCOPES)
        assert scopes(key) == set(SCOPES)
        join(org, projects.here, person, "viewer")
        assert scopes(key) == {"usage:read", "models:read"}
        assert scopes(other) == set(SCOPES)
        org.owner.patch(f"/projects/{projects.here}/members/{person.id}", {"role": "member"})
        assert scopes(key) == set(SCOPES)

    def test_in_a_closed_organisation_a_key_works_with_a_membership_only(
        self, org: Org, projects: Projects, person: User, key: Key, gateway: Service
    ) -> None:
        close(org)
        assert not works(key)
        assert gateway.principal(key_id=key.id).status_code == 404
        join(org, projects.there, person, "admin")
        assert not works(key)
        join(org, projects.here, person, "viewer")
        assert scopes(key) == {"usage:read", "models:read"}
        leave(org, projects.here, person)
        assert not works(key)
        close(org, is_open=True)
        assert scopes(key) == set(SCOPES)

    def test_a_viewer_of_the_organisation_is_a_member_of_a_project(
        self, org: Org, projects: Projects
    ) -> None:
        viewer = org.user("viewer")
        join(org, projects.here, viewer, "member")
        made = org.key(by=viewer, project_id=projects.here, scopes=["inference"])
        assert scopes(made) == {"inference"}
        answer = viewer.post("/keys", {"name": "k", "project_id": projects.there})
        assert answer.status_code == 403
        leave(org, projects.here, viewer)
        assert scopes(made) == set()

    def test_a_key_has_from_a_membership_nothing_that_reaches_further(
        self, org: Org, projects: Projects
    ) -> None:
        """One from the time when its holder was an admin of the organisation."""
        admin = org.user("admin")
        wide = ["users:write", "limits:write", "projects:write", "jobs:manage", "inference"]
        made = org.key(by=admin, project_id=projects.here, scopes=wide)
        join(org, projects.here, admin, "admin")
        assert scopes(made) == set(wide)
        org.owner.patch(f"/users/{admin.id}", {"role": "member"})
        assert scopes(made) == {"jobs:manage", "inference"}
        assert made.get("/users").status_code == 403

    @pytest.mark.parametrize("role", ["owner", "admin", "billing"])
    def test_some_roles_are_above_memberships(
        self, org: Org, projects: Projects, role: str
    ) -> None:
        above = org.user(role)
        before = scopes(above)
        join(org, projects.here, above, "viewer")
        close(org)
        assert scopes(above) == before == set(ROLES[role])
        assert len(above.get("/projects").get_json()["data"]) == 3

    def test_what_nobody_holds_and_service_accounts_go_on(
        self, org: Org, projects: Projects
    ) -> None:
        body: dict[str, Any] = {"name": "robot", "project_id": projects.here}
        account = org.owner.post("/service-accounts", body).get_json()["id"]
        robot, common = Caller(org.app, user_id=account), org.key(**body, user_id=None)
        close(org)
        assert scopes(robot) == scopes(common) == {"inference"}

    def test_what_a_key_has_too_much_is_listed(
        self, org: Org, projects: Projects, person: User, key: Key
    ) -> None:
        def found() -> str | None:
            with org.app.app_context():
                return dict(outgrown()).get(key.id)

        assert found() is None
        join(org, projects.here, person, "viewer")
        assert str(found()).startswith("scopes:")
        close(org)
        leave(org, projects.here, person)
        assert "no part" in str(found())

    def test_a_key_that_its_holders_key_made_is_cut_alike(
        self, org: Org, projects: Projects, person: User, key: Key
    ) -> None:
        child = org.key(by=key, scopes=["usage:read", "inference"])
        join(org, projects.here, person, "viewer")
        assert scopes(child) == {"usage:read"}
        close(org)
        leave(org, projects.here, person)
        assert not works(child)


class TestSessions:
    def test_a_session_carries_where_it_may_do_what(
        self, org: Org, projects: Projects, person: User
    ) -> None:
        join(org, projects.here, person, "viewer")
        assert scopes(person) == set(ROLES["member"])
        assert person.get(f"/projects/{projects.there}").status_code == 200
        close(org)
        assert scopes(person) == {"models:read"}
        assert person.get(f"/projects/{projects.here}").status_code == 200
        assert person.get(f"/projects/{projects.there}").status_code == 404
        assert person.get("/me").get_json()["scopes"] == ["models:read"]
        leave(org, projects.here, person)
        assert person.get(f"/projects/{projects.here}").status_code == 403

    def test_a_session_calls_models_in_no_project(
        self, org: Org, projects: Projects, person: User
    ) -> None:
        """So in a closed organisation it takes a role above projects, or a project's key."""
        join(org, projects.here, person, "admin")
        assert "inference" in scopes(person)
        close(org)
        assert "inference" not in scopes(person)
        assert "inference" in scopes(org.user("admin"))
        assert "inference" in PROJECT_ROLES["admin"]
        own = org.key(by=person, project_id=projects.here, scopes=["inference"])
        assert scopes(own) == {"inference"}


class TestAnnouncements:
    """A gateway forgets what it remembers under the names that are announced, up to the version."""

    def test_each_change_raises_the_versions_of_keys_and_sessions(
        self, org: Org, projects: Projects, person: User, key: Key
    ) -> None:
        path = f"/projects/{projects.here}/members"
        for method, end, body in (
            ("POST", "", {"user_id": person.id, "role": "viewer"}),
            ("PATCH", f"/{person.id}", {"role": "member"}),
            ("DELETE", f"/{person.id}", None),
        ):
            before = person.principal().version, key.principal().version
            assert org.owner.call(method, path + end, body).status_code in (200, 201, 204)
            after = person.principal().version, key.principal().version
            assert all(new > old for new, old in zip(after, before, strict=True)), method

    def test_closing_and_opening_raises_everybodys(self, org: Org, person: User, key: Key) -> None:
        before = person.principal().version, key.principal().version
        org.owner.patch("/organisation", {"open_projects": True})
        assert (person.principal().version, key.principal().version) == before
        close(org)
        close(org, is_open=True)
        assert person.principal().version >= before[0] + 2
        assert key.principal().version >= before[1] + 2

    def test_an_assertion_of_before_is_not_handed_out_again(
        self, org: Org, projects: Projects, person: User
    ) -> None:
        first = person.principal().assertion
        assert person.principal().assertion == first
        join(org, projects.here, person, "viewer")
        assert person.principal().assertion != first
