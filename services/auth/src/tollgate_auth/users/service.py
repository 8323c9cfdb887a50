"""Users of an organisation. It always keeps an active owner, and only owners make owners."""

from datetime import UTC, datetime
from typing import Any

from tollgate_auth.audit import service as audit
from tollgate_auth.authority.people import check_handling, check_role, is_demotion
from tollgate_auth.database import refusing
from tollgate_auth.fields import changes, reply
from tollgate_auth.organisations import repository as organisations
from tollgate_auth.passwords import service as passwords_of
from tollgate_auth.passwords import strength
from tollgate_auth.passwords.hashing import Passwords
from tollgate_auth.passwords.schemas import ResetLink
from tollgate_auth.principals import changes as principal_changes
from tollgate_auth.sessions import repository as sessions
from tollgate_auth.sessions import service as session_service
from tollgate_auth.tokens.links import Links
from tollgate_auth.users import open_links, repository
from tollgate_auth.users.errors import AddressTaken
from tollgate_auth.users.models import User
from tollgate_auth.users.schemas import UserCreate, UserOut, UserPatch
from tollgate_auth.users.taken import TakenAddresses
from tollgate_common.errors import Conflict, NotFound
from tollgate_common.guard import Caller
from tollgate_common.ids import new_id


def get(org: str, user_id: str) -> User:
    """A person; machines are the business of `service_accounts`."""
    user = repository.find(org, user_id)
    if user is None or user.role is None:
        raise NotFound("There is no such user.")
    return user


def create(caller: Caller, wanted: UserCreate, passwords: Passwords, taken: TakenAddresses) -> User:
    check_role(caller, wanted.role)
    taken.check(caller.org)
    password_hash = None
    if wanted.password is not None:
        strength.check(wanted.password, wanted.email, organisations.get(caller.org).name)
        repository.release()
        password_hash = passwords.hash(wanted.password)
    organisations.lock(caller.org)
    check_free(caller.org, wanted.email, taken, AddressTaken())
    user = make(caller.org, wanted.email, wanted.name, wanted.role, password_hash)
    _record(caller, "user.created", user, after=as_audited(user))
    return user


def check_free(org: str, email: str, taken: TakenAddresses, refusal: Conflict) -> None:
    """`refusal` where the address has an account; in another organisation, it counts."""
    user = repository.by_email(email)
    if user is None:
        return
    if user.org_id != org:
        taken.note(org)
    raise refusal


def make(org: str, email: str, name: str | None, role: str, password_hash: str | None) -> User:
    """A new user, for whoever may make one; the caller records it."""
    user = User(
        id=new_id("usr"), org_id=org, email=email, role=role,
        name=name or email.partition("@")[0][:100], password_hash=password_hash,
    )  # fmt: skip
    with refusing("uq_users_email", AddressTaken()):
        repository.add(user)
    return user


def update(caller: Caller, user_id: str, patch: UserPatch) -> User:
    organisations.lock(caller.org)
    user = get(caller.org, user_id)
    before, sent = as_audited(user), changes(patch)
    check_handling(caller, user)
    if sent.get("active") or sent.get("role", user.role) != user.role:
        check_role(caller, sent.get("role", user.role), user)
    if is_demotion(user.role, sent.get("role", user.role)):
        open_links.end(user)
    user.name, user.role = sent.get("name", user.name), sent.get("role", user.role)
    if "active" in sent:
        _set_active(caller, user, sent["active"])
    principal_changes.announce("user", user.id)
    _keep_an_owner(caller.org)
    _record(caller, "user.changed", user, before, as_audited(user))
    return user


def reset_link(caller: Caller, user_id: str, links: Links) -> ResetLink:
    """A link by which the user sets a new password."""
    organisations.lock(caller.org)
    user = get(caller.org, user_id)
    check_role(caller, user.role, user)
    link = passwords_of.reset_link(user, audit.actor_of(caller), links, caller.user)
    _record(caller, "password.reset_link_made", user)
    return link


def deactivate(caller: Caller, user: User) -> None:
    """The user's sessions and links end; for whoever may, who records it. The last active owner
    stays: `Conflict`."""
    _set_active(caller, user, active=False)
    principal_changes.announce("user", user.id)
    _keep_an_owner(user.org_id)


def _keep_an_owner(org: str) -> None:
    if not repository.active_owners(org):
        raise Conflict("The organisation needs an active owner.")


def _set_active(caller: Caller, user: User, active: bool) -> None:
    if active:
        user.deactivated_at = None
    elif user.deactivated_at is None:
        user.deactivated_at = datetime.now(UTC)
        count, actor = len(sessions.end_all(user.id)), audit.actor_of(caller)
        session_service.record_ends(caller.org, actor, user.id, count, "deactivated")
        open_links.end(user)


def as_audited(user: User) -> dict[str, Any]:
    return reply(UserOut.of(user))


def _record(
    caller: Caller,
    action: str,
    user: User,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    audit.record(caller.org, audit.actor_of(caller), action, ("user", user.id), before, after)
