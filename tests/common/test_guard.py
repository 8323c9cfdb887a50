"""What a caller may do in which project, and whom a mark lets in."""

from typing import Any

import pytest

from tollgate_common.errors import Forbidden
from tollgate_common.guard import Caller, Grant, caller_of, require_in_project
from tollgate_common.visibility import Visibility

CLAIMS: dict[str, Any] = {"org": "org_1", "sub": "usr_1", "user": "usr_1", "mode": "live"}
READING = frozenset({"keys:read", "jobs:read"})
WRITING = READING | {"keys:write"}
ADMIN = WRITING | {"jobs:manage"}


def person(*, closed: bool = False, scope: frozenset[str] = READING) -> Caller:
    """A viewer of the organisation, admin of one project, and member of another one."""
    grants = [
        {"scope": " ".join(ADMIN), "projects": ["proj_a"]},
        {"scope": " ".join(WRITING), "projects": ["proj_b", "proj_c"]},
    ]
    more = {"closed": True} if closed else {}
    return caller_of({**CLAIMS, "scope": " ".join(scope), "grants": grants, **more})


def machine(**more: Any) -> Caller:
    return caller_of({**CLAIMS, "scope": " ".join(WRITING), "project": "proj_a", **more})


class TestScopesIn:
    def test_a_grant_takes_the_place_of_what_holds_elsewhere(self) -> None:
        caller = person()
        assert caller.scopes_in("proj_a") == ADMIN
        assert caller.scopes_in("proj_c") == WRITING
        assert caller.scopes_in("proj_z") == caller.scopes_in(None) == READING

    def test_whoever_is_closed_has_grants_alone(self) -> None:
        caller = person(closed=True, scope=frozenset({"models:read"}))
        assert caller.scopes_in("proj_a") == ADMIN
        assert caller.scopes_in("proj_z") == frozenset()
        assert caller.scopes_in(None) == {"models:read"}

    @pytest.mark.parametrize("more", [{}, {"key": "key_1"}, {"closed": True}])
    def test_a_machine_has_its_project(self, more: dict[str, Any]) -> None:
        assert machine(**more).scopes_in("proj_a") == WRITING
        assert machine(**more).scopes_in("proj_b") == frozenset()

    def test_without_claims_about_projects_everything_is_as_it_was(self) -> None:
        caller = caller_of({**CLAIMS, "scope": "keys:read"})
        assert caller.scopes_in("proj_a") == caller.scopes_in(None) == {"keys:read"}
        assert not caller.may_somewhere("keys:write")

    def test_a_permission_in_one_project_is_one_somewhere(self) -> None:
        assert person().may_somewhere("jobs:manage")
        assert not person().may_somewhere("users:write")

    def test_what_is_written_takes_the_permission_there(self) -> None:
        require_in_project(person(), "keys:write", "proj_b")
        for permission, project in (
            ("jobs:manage", "proj_b"),
            ("keys:write", "proj_z"),
            ("keys:write", None),
        ):
            with pytest.raises(Forbidden):
                require_in_project(person(), permission, project)


class TestVisibility:
    def test_people_see_where_they_may_read(self) -> None:
        assert Visibility.of(person(), "keys:read").projects is None
        closed = person(closed=True, scope=frozenset())
        assert Visibility.of(closed, "keys:read").projects == frozenset(
            {"proj_a", "proj_b", "proj_c"}
        )

    def test_what_the_organisation_does_not_give_is_seen_by_grants(self) -> None:
        assert Visibility.of(person(), "jobs:manage").projects == frozenset({"proj_a"})
        assert Visibility.of(person(), "users:read").projects == frozenset()

    def test_others_rows_are_seen_where_one_manages(self) -> None:
        assert Visibility.of(person(), "jobs:read").manages == frozenset({"proj_a"})
        everywhere = person(scope=READING | {"jobs:manage"})
        assert Visibility.of(everywhere, "jobs:read").manages is None
        assert Visibility.of(machine(), "jobs:read").manages == frozenset()

    def test_a_machine_sees_its_project_by_whatever_permission(self) -> None:
        assert Visibility.of(machine(), "usage:read").projects == frozenset({"proj_a"})


def test_a_grant_is_read_as_it_was_written() -> None:
    assert person().grants[0] == Grant(scopes=ADMIN, projects=frozenset({"proj_a"}))
