"""Changing one's password, and resetting it by a link that an administrator hands over.

Every session ends, but the one that the change came from: whoever else knew the password is out.
"""

import hashlib
from datetime import UTC, datetime, timedelta

from tollgate_auth.attempts.service import Attempts
from tollgate_auth.audit import service as audit
from tollgate_auth.authority.people import is_demotion, is_open, may_still
from tollgate_auth.extensions import db
from tollgate_auth.organisations import repository as organisations
from tollgate_auth.passwords import strength
from tollgate_auth.passwords.errors import WrongPassword
from tollgate_auth.passwords.hashing import Passwords
from tollgate_auth.passwords.schemas import PasswordChange, PasswordReset, ResetLink
from tollgate_auth.sessions import service as sessions
from tollgate_auth.tokens.links import BadLink, Links
from tollgate_auth.users import repository as users
from tollgate_auth.users.models import User
from tollgate_common.errors import Conflict, Forbidden
from tollgate_common.guard import Caller
from tollgate_common.jwt import Claims

PURPOSE = "password-reset"
LINK_LIFE = timedelta(hours=1)


def change(caller: Caller, sent: PasswordChange, passwords: Passwords, attempts: Attempts) -> None:
    user = users.find(caller.org, caller.user) if caller.user and not caller.key else None
    if user is None or user.email is None:
        raise Forbidden("Only a user who has logged in has a password.")
    email, known = user.email, user.password_hash
    attempt = attempts.begin(email, audit.client_address())
    users.release()
    if not passwords.verify(known, sent.current_password):
        raise WrongPassword
    attempt.succeeded()
    strength.check(sent.new_password, email, organisations.get(caller.org).name, "new_password")
    users.release()
    new_hash = passwords.hash(sent.new_password)
    organisations.lock(caller.org)
    if user.password_hash != known:
        raise WrongPassword
    actor = audit.actor_of(caller)
    _set(user, new_hash, actor, but=caller.session)
    audit.record(user.org_id, actor, "password.changed", ("user", user.id))


def reset_link(
    user: User, maker: audit.Actor, links: Links, maker_user: str | None = None
) -> ResetLink:
    """A link for a user who has lost theirs; the caller has checked who asks, and records it. It
    names its maker, and the role that the user has: both are held against what is true when it is
    used. `maker_user` is the user of the key that makes it: the link ends with them, whoever has
    the key by then."""
    if user.deactivated_at is not None:
        raise Conflict("The user is deactivated.")
    now = datetime.now(UTC)
    expires_at = now + LINK_LIFE
    claims = {
        "was": _fingerprint(user),
        "by": maker.id,
        "by_user": maker_user,
        "role": user.role,
        "made_at": now.isoformat(),
    }
    link = links.make(PURPOSE, user.id, expires_at, claims)
    return ResetLink(link=link, expires_at=expires_at)


def reset(sent: PasswordReset, passwords: Passwords, links: Links) -> None:
    """Works once: the link names the password that it replaces, and it is another one then."""
    claims = links.read(PURPOSE, sent.token)
    user = users.find_any(claims["sub"])
    if user is None:
        raise BadLink
    strength.check(sent.password, user.email or "", organisations.get(user.org_id).name)
    users.release()
    new_hash = passwords.hash(sent.password)
    organisations.lock(user.org_id)
    db.session.refresh(user)
    if user.deactivated_at or claims["was"] != _fingerprint(user) or not _holds(claims, user):
        raise BadLink
    actor = audit.Actor("user", user.id)
    _set(user, new_hash, actor)
    audit.record(user.org_id, actor, "password.reset", ("user", user.id))


def _holds(claims: Claims, user: User) -> bool:
    """Return whether the user has no more rights than when the link was made, and its maker
    enough."""
    if not {"by", "role", "made_at"} <= claims.keys() or is_demotion(user.role, claims["role"]):
        return False
    made_at = datetime.fromisoformat(claims["made_at"])
    maker_user = users.find_any(claims["by_user"]) if claims.get("by_user") else None
    if maker_user is not None and not is_open(maker_user.links_ended_at, made_at):
        return False
    return is_open(user.links_ended_at, made_at) and may_still(
        user.org_id, claims["by"], user.role, made_at, user
    )


def _set(user: User, new_hash: str, actor: audit.Actor, but: str | None = None) -> None:
    user.password_hash = new_hash
    count = sessions.end_all(user.id, but)
    sessions.record_ends(user.org_id, actor, user.id, count, "new_password")


def _fingerprint(user: User) -> str:
    return hashlib.sha256((user.password_hash or user.id).encode()).hexdigest()[:32]
