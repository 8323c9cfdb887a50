"""Memberships are made, listed, changed and ended."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.auth.conftest import Caller, Org
from tests.auth.members.conftest import Projects, close, join, leave
from tollgate_auth.extensions import db
from tollgate_auth.members.models import ProjectMember
from tollgate_auth.members.service import MAX_MEMBERSHIPS
from tollgate_auth.projects import service as project_service
from tollgate_auth.projects.models import Project
from tollgate_auth.roles.permissions import PROJECT_ROLES
from tollgate_auth.unit_of_work import unit_of_work
from tollgate_common.guard import Caller as Assertion
from tollgate_common.ids import new_id


def refusal(answer: Any) -> tuple[int, str | None]:
    return answer.status_code, answer.get_json().get("param")


def audited(org: Org) -> list[tuple[str, str | None, str | None]]:
    """What was done to memberships, the oldest first, with the role before and after."""
    log = org.owner.get("/audit-log?target_kind=project").get_json()["data"]
    return [
        (entry["action"], (entry["before"] or {}).get("role"), (entry["after"] or {}).get("role"))
        for entry in reversed(log)
        if entry["action"].startswith("project_member.")
    ]


class TestMemberships:
    def test_they_are_made_changed_and_ended_and_audited(
        self, org: Org, projects: Projects
    ) -> None:
        user, path = org.user("viewer"), f"/projects/{projects.here}/members"
        made = org.owner.post(path, {"user_id": user.id, "role": "member"})
        assert made.status_code == 201
        shown = made.get_json()
        assert (shown["user_id"], shown["role"], shown["active"]) == (user.id, "member", True)
        assert org.owner.get(path).get_json()["data"] == [shown]
        changed = org.owner.patch(f"{path}/{user.id}", {"role": "admin"})
        assert changed.get_json() == shown | {"role": "admin"}
        assert org.owner.delete(f"{path}/{user.id}").status_code == 204
        assert org.owner.get(path).get_json()["data"] == []
        assert org.owner.get(f"/projects/{projects.there}/members").get_json()["data"] == []
        assert audited(org) == [
            ("project_member.added", None, "member"),
            ("project_member.changed", "member", "admin"),
            ("project_member.removed", "admin", None),
        ]

    def test_a_list_has_pages_and_filters(self, org: Org, projects: Projects) -> None:
        path = f"/projects/{projects.here}/members"
        people = {org.user("member").id: role for role in ("viewer", "member", "admin", "viewer")}
        for user_id, role in people.items():
            org.owner.post(path, {"user_id": user_id, "role": role})
        newest = sorted(people, reverse=True)
        seen, cursor = [], ""
        while cursor is not None:
            query = {"limit": 1, **({"cursor": cursor} if cursor else {})}
            page = org.owner.get(path, query_string=query)
            seen += [each["user_id"] for each in page.get_json()["data"]]
            cursor = page.get_json()["next_cursor"]
        assert seen == newest
        viewers = org.owner.get(f"{path}?role=viewer").get_json()["data"]
        assert [each["user_id"] for each in viewers] == [
            each for each in newest if people[each] == "viewer"
        ]
        (one,) = org.owner.get(f"{path}?user_id={newest[0]}").get_json()["data"]
        assert one["user_id"] == newest[0]
        assert org.owner.get(f"{path}?role=owner").status_code == 422

    def test_what_is_wrong_is_refused_by_its_name(
        self, org: Org, projects: Projects, unknown_id: Callable[[str], str]
    ) -> None:
        user, path = org.user("member"), f"/projects/{projects.here}/members"
        body = {"user_id": user.id, "role": "member"}
        for sent, status, param in (
            (body | {"role": "owner"}, 422, "role"),
            (body | {"role": None}, 422, "role"),
            (body | {"scopes": []}, 422, "scopes"),
            ({"user_id": user.id}, 422, "role"),
            (body | {"user_id": "me"}, 422, "user_id"),
            (body | {"user_id": unknown_id("sva")}, 422, "user_id"),
            (body | {"user_id": unknown_id("usr")}, 404, "user_id"),
        ):
            assert refusal(org.owner.post(path, sent)) == (status, param), sent
        assert org.owner.post(path, body).status_code == 201
        assert refusal(org.owner.post(path, body | {"role": "viewer"})) == (409, "user_id")
        assert refusal(org.owner.patch(f"{path}/{user.id}", {})) == (422, "role")
        assert refusal(org.owner.patch(f"{path}/{user.id}", {"role": "x"})) == (422, "role")
        gone = f"{path}/{unknown_id('usr')}"
        assert org.owner.patch(gone, {"role": "viewer"}).status_code == 404
        assert org.owner.delete(gone).status_code == 404

    def test_a_deactivated_user_is_not_added(self, org: Org, projects: Projects) -> None:
        user = org.user("member")
        org.owner.patch(f"/users/{user.id}", {"active": False})
        body = {"user_id": user.id, "role": "member"}
        assert refusal(org.owner.post(f"/projects/{projects.here}/members", body)) == (
            409,
            "user_id",
        )

    def test_nothing_of_another_organisation_is_there(
        self, org: Org, other_org: Org, projects: Projects, unknown_id: Callable[[str], str]
    ) -> None:
        """An id of theirs gets the answer that an id which nobody has gets."""
        own, foreign = org.user("member"), other_org.user("member")
        theirs = other_org.owner.post("/projects", {"name": "theirs"}).get_json()["id"]
        join(other_org, theirs, foreign, "viewer")
        for project, user_id in (
            (theirs, own.id),
            (theirs, foreign.id),
            (projects.here, foreign.id),
        ):
            path, known = f"/projects/{project}/members", project == projects.here
            nowhere = f"/projects/{projects.here if known else unknown_id('proj')}/members"
            nobody = unknown_id("usr") if known else user_id
            for method, end, unknown_end, body in (
                ("POST", "", "", {"user_id": user_id, "role": "viewer"}),
                ("PATCH", f"/{user_id}", f"/{nobody}", {"role": "admin"}),
                ("DELETE", f"/{user_id}", f"/{nobody}", None),
            ):
                answer = org.owner.call(method, path + end, body)
                sent = body and {**body, **({"user_id": nobody} if "user_id" in body else {})}
                unknown = org.owner.call(method, nowhere + unknown_end, sent)
                assert answer.status_code == unknown.status_code == 404, (method, project)
                assert answer.get_json()["detail"] == unknown.get_json()["detail"]
        assert org.owner.get(f"/projects/{theirs}/members").status_code == 404
        assert len(other_org.owner.get(f"/projects/{theirs}/members").get_json()["data"]) == 1

    def test_a_deleted_project_has_no_members(self, org: Org, projects: Projects) -> None:
        user = org.user("member")
        join(org, projects.here, user, "viewer")
        before = user.principal().version
        delete_project(org, projects.here)
        assert user.principal().version > before
        with org.app.app_context():
            assert db.session.get(ProjectMember, (projects.here, user.id)) is None

    def test_a_person_has_a_hundred_at_most_and_their_assertion_fits_a_header(
        self, org: Org, projects: Projects
    ) -> None:
        user = org.user("viewer")
        roles = list(PROJECT_ROLES)
        with org.app.app_context():
            for number in range(MAX_MEMBERSHIPS):
                project = new_id("proj")
                db.session.add(Project(id=project, org_id=org.id, name=f"p{number}"))
                db.session.flush()
                db.session.add(
                    ProjectMember(
                        org_id=org.id, project_id=project, user_id=user.id, role=roles[number % 3]
                    )
                )
            db.session.commit()
        body = {"user_id": user.id, "role": "viewer"}
        answer = org.owner.post(f"/projects/{projects.here}/members", body)
        assert refusal(answer) == (409, "user_id")
        assert answer.get_json()["code"] == "too_many_memberships"
        assert "organisation" in answer.get_json()["detail"]
        assert len(user.principal().assertion) < 8000


def delete_project(org: Org, project: str) -> None:
    """Delete it without asking reports what it has spent."""
    caller = Assertion(
        org=org.id,
        subject=org.owner_id,
        user=org.owner_id,
        mode="live",
        scopes=frozenset({"projects:read", "projects:write"}),
    )
    with org.app.test_request_context(), unit_of_work():
        project_service.delete(caller, project)


class TestWhoMay:
    """Who gives somebody a part has that part themselves."""

    @pytest.mark.parametrize("role", ["owner", "admin"])
    def test_owners_and_admins_handle_all_memberships(
        self, org: Org, projects: Projects, role: str
    ) -> None:
        handler, user = org.user(role), org.user("viewer")
        path = f"/projects/{projects.here}/members"
        body = {"user_id": user.id, "role": "admin"}
        assert handler.post(path, body).status_code == 201
        assert handler.patch(f"{path}/{user.id}", {"role": "viewer"}).status_code == 200
        assert handler.delete(f"{path}/{user.id}").status_code == 204

    @pytest.mark.parametrize("role", ["member", "viewer"])
    def test_a_projects_admin_handles_those_of_the_project(
        self, org: Org, projects: Projects, role: str
    ) -> None:
        handler, user = org.user(role), org.user("member")
        join(org, projects.here, handler, "admin")
        here, there = (f"/projects/{project}/members" for project in projects)
        body = {"user_id": user.id, "role": "viewer"}
        assert handler.post(here, body).status_code == 201
        assert handler.patch(f"{here}/{user.id}", {"role": "admin"}).status_code == 200
        assert handler.delete(f"{here}/{user.id}").status_code == 204
        assert handler.post(there, body).status_code == 403
        close(org)
        assert handler.post(there, body).status_code == 404
        assert handler.get(there).status_code == 404

    @pytest.mark.parametrize("role", ["member", "viewer"])
    def test_others_read_them(self, org: Org, projects: Projects, role: str) -> None:
        user, other = org.user("member"), org.user("member")
        join(org, projects.here, user, role)
        path = f"/projects/{projects.here}/members"
        assert [each["user_id"] for each in user.get(path).get_json()["data"]] == [user.id]
        assert user.post(path, {"user_id": other.id, "role": "viewer"}).status_code == 403
        assert user.patch(f"{path}/{user.id}", {"role": "admin"}).status_code == 403
        assert user.delete(f"{path}/{user.id}").status_code == 403

    def test_a_machine_gives_no_more_than_it_has(self, org: Org, projects: Projects) -> None:
        scopes = ["projects:read", "projects:write", *PROJECT_ROLES["viewer"]]
        wanted = {"name": "robot", "project_id": projects.here, "scopes": sorted(set(scopes))}
        made = org.owner.post("/service-accounts", wanted).get_json()
        robot, user = Caller(org.app, user_id=made["id"]), org.user("member")
        here, there = (f"/projects/{project}/members" for project in projects)
        assert refusal(robot.post(here, {"user_id": user.id, "role": "admin"})) == (403, "scopes")
        assert robot.post(there, {"user_id": user.id, "role": "viewer"}).status_code == 404
        assert robot.post(here, {"user_id": user.id, "role": "viewer"}).status_code == 201
        # The end of a membership gives a member of an open organisation their role there back.
        assert refusal(robot.delete(f"{here}/{user.id}")) == (403, "scopes")
        close(org)
        assert robot.delete(f"{here}/{user.id}").status_code == 204
        leave_again = robot.delete(f"{here}/{user.id}")
        assert leave_again.status_code == 404

    def test_a_machine_opens_the_projects_only_with_what_members_have(self, org: Org) -> None:
        close(org)
        robot = org.key(scopes=["organisation:write"])
        assert refusal(robot.patch("/organisation", {"open_projects": True})) == (403, "scopes")
        assert robot.patch("/organisation", {"name": "Renamed"}).status_code == 200

    def test_only_who_writes_the_organisation_opens_and_closes(
        self, org: Org, projects: Projects
    ) -> None:
        user = org.user("member")
        join(org, projects.here, user, "admin")
        assert user.patch("/organisation", {"open_projects": False}).status_code == 403
        for value in (None, 0, "false"):
            answer = org.owner.patch("/organisation", {"open_projects": value})
            assert refusal(answer) == (422, "open_projects")
        assert org.owner.get("/organisation").get_json()["open_projects"] is True
        close(org)
        assert user.get("/organisation").get_json()["open_projects"] is False


def test_the_roles_of_projects_are_listed(org: Org) -> None:
    roles = org.owner.get("/roles?kind=project").get_json()["data"]
    assert {role["name"]: tuple(role["permissions"]) for role in roles} == dict(PROJECT_ROLES)
    assert all(role["description"] for role in roles)
    assert "owner" in {role["name"] for role in org.owner.get("/roles").get_json()["data"]}


def test_who_left_comes_back_without_what_they_had(org: Org, projects: Projects) -> None:
    close(org)
    user = org.user("member")
    join(org, projects.here, user, "admin")
    leave(org, projects.here, user)
    assert user.get("/projects").status_code == 403
    join(org, projects.here, user, "viewer")
    assert [each["id"] for each in user.get("/projects").get_json()["data"]] == [projects.here]
