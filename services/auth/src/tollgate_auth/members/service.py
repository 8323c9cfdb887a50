"""Memberships: made, changed and ended by whoever may write the project. Nobody gives somebody a
part with which they could do more in the project than the giver may there.

What they were allowed is announced to be out of date: their keys and sessions go by the change
within a second.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tollgate_auth.audit import service as audit
from tollgate_auth.authority import service as authority
from tollgate_auth.authority.people import roles_in
from tollgate_auth.authority.person_roles import PersonRoles
from tollgate_auth.extensions import db
from tollgate_auth.fields import reply
from tollgate_auth.members import repository
from tollgate_auth.members.errors import TooManyMemberships
from tollgate_auth.members.models import ProjectMember
from tollgate_auth.members.schemas import MemberCreate, MemberOut, MemberQuery
from tollgate_auth.organisations import repository as organisations
from tollgate_auth.principals import changes as principal_changes
from tollgate_auth.projects import service as projects
from tollgate_auth.roles.permissions import PROJECT_ROLES
from tollgate_auth.users import repository as users
from tollgate_auth.users.models import User
from tollgate_common.errors import Conflict, NotFound
from tollgate_common.guard import Caller, require_in_project
from tollgate_common.visibility import Visibility

MAX_MEMBERSHIPS = 100
ADMIN = "admin"
READING, WRITING = "projects:read", "projects:write"


def page(
    visibility: Visibility, project_id: str, asked: MemberQuery
) -> tuple[list[dict[str, Any]], str | None]:
    rows, following = repository.page(projects.get(visibility, project_id).id, asked)
    return _shown(rows), following


def create(caller: Caller, project_id: str, wanted: MemberCreate) -> dict[str, Any]:
    organisations.lock(caller.org)
    _check_project(caller, project_id)
    user = users.find(caller.org, wanted.user_id)
    if user is None:
        raise NotFound("There is no such user.", param="user_id")
    if user.deactivated_at is not None:
        raise Conflict("The user is deactivated.", param="user_id")
    if repository.find(project_id, user.id) is not None:
        raise Conflict("The user is a member of the project already.", param="user_id")
    if repository.count_of(user.id) >= MAX_MEMBERSHIPS:
        raise TooManyMemberships(MAX_MEMBERSHIPS)
    _check_part(caller, user, project_id, wanted.role)
    member = ProjectMember(
        org_id=caller.org, project_id=project_id, user_id=user.id, role=wanted.role
    )
    repository.add(member)
    (shown,) = _shown([member])
    _announce(caller, "project_member.added", member, after=shown)
    return shown


def update(caller: Caller, project_id: str, user_id: str, role: str) -> dict[str, Any]:
    organisations.lock(caller.org)
    _check_project(caller, project_id)
    member, user = _member(caller, project_id, user_id)
    _check_part(caller, user, project_id, role)
    (before,) = _shown([member])
    member.role = role
    db.session.flush()
    (after,) = _shown([member])
    _announce(caller, "project_member.changed", member, before, after)
    return after


def delete(caller: Caller, project_id: str, user_id: str) -> None:
    """The role in the organisation counts again where the organisation is open. So the end of a
    membership may give somebody more, and needs as much as giving it."""
    organisations.lock(caller.org)
    _check_project(caller, project_id)
    member, user = _member(caller, project_id, user_id)
    _check_part(caller, user, project_id, None)
    (before,) = _shown([member])
    repository.remove(member)
    _announce(caller, "project_member.removed", member, before)


def _check_project(caller: Caller, project_id: str) -> None:
    """`NotFound` for a project that the caller does not see, `Forbidden` for one that they may only
    read."""
    project = projects.get(Visibility.of(caller, READING), project_id)
    require_in_project(caller, WRITING, project.id)


def _member(caller: Caller, project_id: str, user_id: str) -> tuple[ProjectMember, User]:
    member, user = repository.find(project_id, user_id), users.find(caller.org, user_id)
    if member is None or user is None:
        raise NotFound("The project has no such member.")
    return member, user


def _check_part(caller: Caller, user: User, project_id: str, role: str | None) -> None:
    """`role`: what it is to be from now on; None: no membership."""
    roles = roles_in(user, project_id)
    after: Mapping[str, str] = {project_id: role} if role else {}
    authority.require_part(
        caller,
        project_id,
        before=_part(roles, project_id),
        after=_part(replace(roles, projects=after), project_id),
    )


def _part(roles: PersonRoles, project_id: str) -> frozenset[str]:
    """Return what the roles allow that memberships are about."""
    return (roles.scopes_in(project_id) or frozenset()).intersection(PROJECT_ROLES[ADMIN])


def _shown(rows: Sequence[ProjectMember]) -> list[dict[str, Any]]:
    people = users.by_ids({row.user_id for row in rows})
    return [reply(MemberOut.of(row, people[row.user_id])) for row in rows]


def _announce(
    caller: Caller,
    action: str,
    member: ProjectMember,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    project_id, user_id = member.project_id, member.user_id
    principal_changes.announce("user", user_id)
    target = ("project", project_id)
    audit.record(caller.org, audit.actor_of(caller), action, target, before, after)
