"""Logging in, and staying logged in by refresh tokens that work once each."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask_jwt_extended import decode_token

from tollgate_auth.audit import service as audit
from tollgate_auth.organisations import repository as organisations
from tollgate_auth.roles.permissions import permissions_of
from tollgate_auth.sessions import repository
from tollgate_auth.sessions.errors import SessionOver, SpentToken, WrongLogin
from tollgate_auth.sessions.models import Session
from tollgate_auth.sessions.schemas import Me, OrganisationOut, Tokens
from tollgate_auth.tokens.service import TokenIssuer
from tollgate_auth.users import repository as users
from tollgate_auth.users.models import User
from tollgate_auth.users.passwords import Passwords
from tollgate_common.errors import Forbidden, Unauthorized
from tollgate_common.guard import Caller
from tollgate_common.ids import new_id


def login(
    email: str, password: str, user_agent: str, passwords: Passwords, issuer: TokenIssuer
) -> Tokens:
    """A new session; `WrongLogin`, after the same time, for whatever is wrong."""
    user = users.by_email(email.strip().lower())
    known = user.password_hash if user and user.deactivated_at is None else None
    if not passwords.verify(known, password) or user is None or known is None:
        raise WrongLogin
    if passwords.outdated(known):
        user.password_hash = passwords.hash(password)
    sid = new_id("ses")
    tokens = _tokens(user, sid, issuer)
    session = Session(
        id=sid, user_id=user.id, refresh_hash=_hash(tokens.refresh_token),
        expires_at=datetime.now(UTC) + issuer.refresh_life,
        address=audit.client_address(), user_agent=_printable(user_agent),
    )  # fmt: skip
    repository.add(session)
    return tokens


def refresh(token: str, issuer: TokenIssuer) -> Tokens:
    """New tokens for an unspent refresh token; a spent one ends its session."""
    claims = _refresh_claims(token)
    session = repository.find(claims["sid"])
    user = users.find_any(session.user_id) if session else None
    if session is None or user is None or session.revoked_at or user.deactivated_at:
        raise SessionOver
    tokens = _tokens(user, session.id, issuer)
    expires_at = datetime.now(UTC) + issuer.refresh_life
    if not repository.rotate(session.id, _hash(token), _hash(tokens.refresh_token), expires_at):
        _end_for_reuse(session, user)
        raise SpentToken
    return tokens


def logout(caller: Caller, token: str | None) -> None:
    """End the session of the refresh token, or else every session of the user."""
    if caller.user is None or caller.key is not None:
        raise Forbidden("An API key has no session; revoke the key instead.")
    if token is None:
        repository.end_all(caller.user)
    else:
        repository.end(_refresh_claims(token)["sid"], caller.user)


def me(caller: Caller) -> Me:
    organisation = organisations.get(caller.org)
    user = users.find(caller.org, caller.user) if caller.user else None
    return Me(
        kind="key" if caller.key else "user",
        org=OrganisationOut(id=organisation.id, name=organisation.name),
        user=caller.user, email=user.email if user else None, name=user.name if user else None,
        role=user.role if user else None, key=caller.key, project=caller.project,
        mode=caller.mode, scopes=sorted(caller.scopes),
    )  # fmt: skip


def _tokens(user: User, sid: str, issuer: TokenIssuer) -> Tokens:
    scopes = sorted(permissions_of(user.role))
    return Tokens(
        access_token=issuer.access(user.id, user.org_id, user.role, scopes, sid),
        refresh_token=issuer.refresh(user.id, sid),
        expires_in=int(issuer.access_life.total_seconds()),
    )


def _refresh_claims(token: str) -> Mapping[str, Any]:
    claims: Mapping[str, Any] = decode_token(token)
    if claims.get("typ") != "refresh" or not isinstance(claims.get("sid"), str):
        raise Unauthorized("This is not a refresh token.")
    return claims


def _end_for_reuse(session: Session, user: User) -> None:
    if repository.end(session.id, user.id):
        actor = audit.Actor("user", user.id)
        target = ("session", session.id)
        audit.record(user.org_id, actor, "session.ended_for_token_reuse", target)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable())[:200]
