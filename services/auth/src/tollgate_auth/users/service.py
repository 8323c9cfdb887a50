"""Users of an organisation. It always keeps an active owner, and only owners make owners."""

from datetime import UTC, datetime
from typing import Any

from tollgate_auth.audit import service as audit
from tollgate_auth.database import refusing
from tollgate_auth.fields import changes, reply
from tollgate_auth.keys import changes as key_changes
from tollgate_auth.organisations import repository as organisations
from tollgate_auth.roles.permissions import OWNER, permissions_of
from tollgate_auth.sessions import repository as sessions
from tollgate_auth.users import repository
from tollgate_auth.users.models import User
from tollgate_auth.users.passwords import Passwords
from tollgate_auth.users.schemas import UserCreate, UserOut, UserPatch
from tollgate_common.errors import Conflict, Forbidden, NotFound
from tollgate_common.guard import Caller
from tollgate_common.ids import new_id


def get(org: str, user_id: str) -> User:
    user = repository.find(org, user_id)
    if user is None:
        raise NotFound("There is no such user.")
    return user


def create(caller: Caller, wanted: UserCreate, passwords: Passwords) -> User:
    _check_role(caller, wanted.role)
    password_hash = passwords.hash(wanted.password) if wanted.password else None
    organisations.lock(caller.org)
    user = User(
        id=new_id("usr"), org_id=caller.org, email=wanted.email, role=wanted.role,
        name=wanted.name or wanted.email.partition("@")[0], password_hash=password_hash,
    )  # fmt: skip
    with refusing("uq_users_email", Conflict("The address is taken.", param="email")):
        repository.add(user)
    _record(caller, "user.created", user, after=_as_audited(user))
    return user


def update(caller: Caller, user_id: str, patch: UserPatch) -> User:
    organisations.lock(caller.org)
    user = get(caller.org, user_id)
    before, sent = _as_audited(user), changes(patch)
    _check_role(caller, user.role)
    _check_role(caller, sent.get("role", user.role))
    user.name, user.role = sent.get("name", user.name), sent.get("role", user.role)
    if "active" in sent:
        _set_active(user, sent["active"])
    key_changes.announce("user", user.id)
    if not repository.active_owners(caller.org):
        raise Conflict("The organisation needs an active owner.")
    _record(caller, "user.changed", user, before, _as_audited(user))
    return user


def _set_active(user: User, active: bool) -> None:
    if active:
        user.deactivated_at = None
    elif user.deactivated_at is None:
        user.deactivated_at = datetime.now(UTC)
        sessions.end_all(user.id)


def _check_role(caller: Caller, role: str) -> None:
    """An owner's permissions are an admin's; what tells them apart is read off the user."""
    if not permissions_of(role) <= caller.scopes:
        raise Forbidden(f"You cannot handle users of the role {role}.", param="role")
    if role == OWNER:
        user = repository.find(caller.org, caller.user) if caller.user else None
        if user is None or user.role != OWNER:
            raise Forbidden("Only an owner can do this.", param="role")


def _as_audited(user: User) -> dict[str, Any]:
    return reply(UserOut.of(user))


def _record(
    caller: Caller,
    action: str,
    user: User,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    audit.record(caller.org, audit.actor_of(caller), action, ("user", user.id), before, after)
