"""Who may make, change or help users of which role; asked when it is done, and again when a link is
used that was made for it."""

from collections.abc import Collection
from datetime import datetime

from tollgate_auth.audit.service import SYSTEM
from tollgate_auth.authority import service as authority
from tollgate_auth.authority.order import Authority
from tollgate_auth.authority.person_roles import PersonRoles
from tollgate_auth.members import repository as members
from tollgate_auth.organisations import repository as organisations
from tollgate_auth.roles.permissions import ABOVE_PROJECTS, OWNER, permissions_of
from tollgate_auth.users import repository as users
from tollgate_auth.users.models import User
from tollgate_common.errors import Conflict, Forbidden, NotFound
from tollgate_common.guard import Caller

PERMISSION = "users:write"


def check_role(caller: Caller, role: str | None, user: User | None = None) -> None:
    """Nobody makes, lets in or promotes a user who may do more than they may. `user`: who has the
    role or gets it; None: somebody new."""
    _check_scopes(caller, role)
    authority.require_person(caller, reach_of(caller.org, role, user))


def check_handling(caller: Caller, user: User) -> None:
    """Nobody changes a user who has more scopes than they have. What else bounds a machine does not
    count here: who is renamed, deactivated or offboarded reaches no more by it."""
    _check_scopes(caller, user.role)


def _check_scopes(caller: Caller, role: str | None) -> None:
    """That a caller is an owner is read off the user: an owner's key may have all of an owner's
    permissions."""
    if not permissions_of(role) <= caller.scopes:
        raise Forbidden(f"You cannot handle users of the role {role}.", param="role")
    if role == OWNER:
        user = users.find(caller.org, caller.user) if caller.user else None
        if user is None or user.role != OWNER:
            raise Forbidden("Only an owner can do this.", param="role")


def reach_of(org: str, role: str | None, user: User | None = None) -> Authority:
    """Return what somebody of this role can do. Where projects are open, and for the roles above
    them, it reaches all projects; else those that the user is a member of."""
    roles = PersonRoles(
        role=role or "",
        projects=members.roles_of(user.id) if user else {},
        is_open=organisations.get(org).open_projects,
    )
    projects = frozenset(roles.projects) if roles.is_closed else None
    return Authority(
        scopes=roles.scopes_anywhere(),
        projects=projects,
        held_to=frozenset({org, *(projects or ())}),
    )


def active_person(caller: Caller, user_id: str, param: str) -> User:
    """Return the active person whom the caller gives something: themselves, or somebody whom they
    may handle. Errors name `param`."""
    user = users.find(caller.org, user_id)
    if user is None or user.role is None:
        raise NotFound("There is no such user.", param=param)
    if user.id != caller.user:
        _check_receiver(caller, user, param)
    if user.deactivated_at is not None:
        raise Conflict("The user is deactivated.", param=param)
    return user


def _check_receiver(caller: Caller, user: User, param: str) -> None:
    """Nothing is given to somebody whom the caller could not change, nor by a project's admin to
    somebody whose role is above projects."""
    if PERMISSION in caller.scopes:
        check_handling(caller, user)
    elif user.role in ABOVE_PROJECTS:
        raise Forbidden(f"You cannot handle users of the role {user.role}.", param=param)


def require_scopes(user: User, project_id: str, scopes: Collection[str], param: str) -> None:
    """Nobody is given what has a scope that they do not have in its project. `param`: what an error
    names where they have no part in the project."""
    allowed = roles_in(user, project_id).scopes_of_key(project_id)
    if allowed is None:
        raise Forbidden("The user has no part in the project.", param=param)
    beyond = sorted(set(scopes) - allowed)
    if beyond:
        raise Forbidden(f"The user does not have the scope {beyond[0]}.", param="scopes")


def roles_in(user: User, project_id: str) -> PersonRoles:
    """Return the person's roles, as far as they count in the project."""
    member = members.find(project_id, user.id)
    return PersonRoles(
        role=user.role or "",
        projects={project_id: member.role} if member else {},
        is_open=organisations.get(user.org_id).open_projects,
    )


def may_still(
    org: str, maker: str, role: str | None, made_at: datetime, subject: User | None = None
) -> bool:
    """Return whether the maker of a link, a user, a key, a service account or a command, may still
    handle the link's subject, or somebody new, of the role, without having lost their rights since
    the link was made."""
    if maker == SYSTEM.id:
        return True
    caller = authority.caller_by(org, maker)
    if caller is None or PERMISSION not in caller.scopes:
        return False
    user = users.find(org, caller.user) if caller.user else None
    if user is not None and not is_open(user.links_ended_at, made_at):
        return False
    try:
        check_role(caller, role, subject)
    except Forbidden:
        return False
    return True


def is_open(ended_at: datetime | None, made_at: datetime) -> bool:
    return ended_at is None or made_at > ended_at


def is_demotion(before: str | None, after: str | None) -> bool:
    """Return whether somebody who goes from one role to the other loses a right. An owner always
    does."""
    return before != after and (
        before == OWNER or not permissions_of(before) <= permissions_of(after)
    )
