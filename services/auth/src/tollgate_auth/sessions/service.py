"""Logging in, and staying logged in by refresh tokens that work once each."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from flask_jwt_extended import decode_token

from tollgate_auth.attempts.service import Attempts
from tollgate_auth.audit import service as audit
from tollgate_auth.fields import reply
from tollgate_auth.organisations import repository as organisations
from tollgate_auth.passwords.hashing import Passwords
from tollgate_auth.principals import changes as principal_changes
from tollgate_auth.roles.permissions import permissions_of
from tollgate_auth.sessions import repository
from tollgate_auth.sessions.errors import SessionOver, SpentToken, WrongLogin
from tollgate_auth.sessions.models import Session
from tollgate_auth.sessions.schemas import (
    Login,
    Logout,
    Me,
    OrganisationOut,
    SessionOut,
    SessionQuery,
    Tokens,
)
from tollgate_auth.tokens.service import TokenIssuer
from tollgate_auth.users import repository as users
from tollgate_auth.users.models import User
from tollgate_common.errors import Forbidden, NotFound, Unauthorized
from tollgate_common.guard import Caller
from tollgate_common.ids import new_id

SHORTEST_TOKEN = timedelta(seconds=1)


def login(
    sent: Login, user_agent: str, passwords: Passwords, attempts: Attempts, issuer: TokenIssuer
) -> Tokens:
    """A new session; `WrongLogin`, after the same time, for whatever is wrong."""
    email = sent.email.strip().lower()
    attempt = attempts.begin(email, audit.client_address())
    user = users.by_email(email)
    known = user.password_hash if user and user.deactivated_at is None else None
    users.release()
    good = passwords.verify(known, sent.password)
    if not good or user is None or known is None or user.deactivated_at:
        raise WrongLogin
    attempt.succeeded()
    organisations.lock(user.org_id)
    if passwords.outdated(known) and user.password_hash == known:
        user.password_hash = passwords.hash(sent.password)
    return start(user, user_agent, issuer)


def start(user: User, user_agent: str, issuer: TokenIssuer, method: str = "password") -> Tokens:
    """A new session for a user who has proved who they are, by what the audit log has as the
    method."""
    organisations.lock(user.org_id)
    sid = new_id("ses")
    now = datetime.now(UTC)
    tokens, expires_at = _tokens(user, sid, issuer, now, now + issuer.session_life)
    session = Session(
        id=sid, user_id=user.id, refresh_hash=_hash(tokens.refresh_token),
        expires_at=expires_at, ends_at=now + issuer.session_life,
        address=audit.client_address(), user_agent=_printable(user_agent),
    )  # fmt: skip
    repository.add(session)
    actor, target = audit.Actor("user", user.id), ("session", sid)
    audit.record(user.org_id, actor, "session.started", target, after={"method": method})
    return tokens


def refresh(token: str, issuer: TokenIssuer) -> Tokens:
    """New tokens for an unspent refresh token, which last no longer than the session may; a spent
    one ends its session."""
    claims, now = _refresh_claims(token), datetime.now(UTC)
    session = repository.find(claims["sid"])
    user = users.find_any(session.user_id) if session else None
    if session is None or user is None or session.revoked_at or user.deactivated_at:
        _note_over(session, user)
        raise SessionOver
    if session.ends_at - now < SHORTEST_TOKEN:
        _note_over(session, user)
        raise SessionOver
    tokens, expires_at = _tokens(user, session.id, issuer, now, session.ends_at)
    if not repository.rotate(session.id, _hash(token), _hash(tokens.refresh_token), expires_at):
        _end_for_reuse(session, user)
        raise SpentToken
    return tokens


def logout(caller: Caller, sent: Logout) -> None:
    """End the session of the refresh token, or else the one that calls, or all."""
    user = _user(caller)
    organisations.lock(caller.org)
    actor = audit.actor_of(caller)
    if sent.everywhere:
        record_ends(caller.org, actor, user, end_all(user), "logout")
    elif sent.refresh_token is not None:
        end_own(caller.org, _refresh_claims(sent.refresh_token)["sid"], user)
    elif caller.session:
        end_own(caller.org, caller.session, user)


def end(caller: Caller, session_id: str) -> None:
    """End one of the caller's own sessions."""
    organisations.lock(caller.org)
    if not end_own(caller.org, session_id, _user(caller)):
        raise NotFound("You have no such session.")


def end_own(org: str, session_id: str, user_id: str) -> bool:
    """End a session by its own user; whether it went on until now."""
    ended = end_one(session_id, user_id)
    if ended:
        actor, target = audit.Actor("user", user_id), ("session", session_id)
        audit.record(org, actor, "session.ended", target)
    return ended


def end_all(user_id: str, but: str | None = None) -> int:
    """End the user's sessions, all or all but one, and return how many went on until now; their
    access tokens end within a second."""
    ended = repository.end_all(user_id, but)
    principal_changes.announce_ended(user_id, ended)
    return len(ended)


def record_ends(org: str, actor: audit.Actor, user_id: str, count: int, cause: str) -> None:
    """Write down that this many sessions of the user were ended, if any were."""
    if count:
        after = {"sessions": count, "cause": cause}
        audit.record(org, actor, "session.all_ended", ("user", user_id), after=after)


def page(caller: Caller, asked: SessionQuery) -> tuple[list[dict[str, Any]], str | None]:
    """The caller's own sessions."""
    sessions, following = repository.page(_user(caller), asked, caller.session)
    return [reply(SessionOut.of(session, caller.session)) for session in sessions], following


def me(caller: Caller) -> Me:
    organisation = organisations.get(caller.org)
    user = users.find(caller.org, caller.user) if caller.user else None
    return Me(
        kind=_kind(caller, user),
        org=OrganisationOut(id=organisation.id, name=organisation.name),
        user=caller.user, email=user.email if user else None, name=user.name if user else None,
        role=user.role if user else None, key=caller.key, project=caller.project,
        mode=caller.mode, scopes=sorted(caller.scopes),
    )  # fmt: skip


def _kind(caller: Caller, user: User | None) -> Literal["user", "key", "service_account"]:
    if caller.key:
        return "key"
    return "service_account" if user and user.role is None else "user"


def _tokens(
    user: User, sid: str, issuer: TokenIssuer, now: datetime, ends_at: datetime
) -> tuple[Tokens, datetime]:
    """Return tokens that end with the session, and when the one for refreshing does."""
    scopes = sorted(permissions_of(user.role))
    access_life = min(issuer.access_life, ends_at - now)
    refresh_life = min(issuer.refresh_life, ends_at - now)
    tokens = Tokens(
        access_token=issuer.access(user.id, user.org_id, user.role, scopes, sid, access_life),
        refresh_token=issuer.refresh(user.id, sid, refresh_life),
        expires_in=int(access_life.total_seconds()),
    )
    return tokens, now + refresh_life


def _refresh_claims(token: str) -> Mapping[str, Any]:
    claims: Mapping[str, Any] = decode_token(token)
    if claims.get("typ") != "refresh" or not isinstance(claims.get("sid"), str):
        raise Unauthorized("This is not a refresh token.")
    return claims


def _user(caller: Caller) -> str:
    if caller.user is None or caller.key is not None:
        raise Forbidden("An API key has no session; revoke the key instead.")
    return caller.user


def end_one(session_id: str, user_id: str) -> bool:
    """Whether it went on until now. Its access token ends within a second."""
    ended = repository.end(session_id, user_id)
    if ended:
        principal_changes.announce_ended(user_id, [session_id])
    return ended


def _end_for_reuse(session: Session, user: User) -> None:
    organisations.lock(user.org_id)
    if end_one(session.id, user.id):
        actor = audit.Actor("user", user.id)
        target = ("session", session.id)
        action, reason = "session.ended_for_token_reuse", "token_reuse"
        audit.record(user.org_id, actor, action, target, reason=reason)


def _note_over(session: Session | None, user: User | None) -> None:
    """Count a refresh token that comes after the end of its session."""
    if session is not None and user is not None:
        target, reason = ("session", session.id), "session_over"
        audit.note(user.org_id, audit.ANONYMOUS, "session.refresh_refused", target, reason)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable())[:200]
