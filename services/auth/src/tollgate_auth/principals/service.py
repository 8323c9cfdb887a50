"""Principals: who is behind a key or a user, what they may do, and the assertion that says so.

An assertion is signed once and handed out again for a few minutes, as long as the principal's
version stays the same. It never outlives the key, nor a text of the key that is being rotated out:
whoever keeps a principal until `assertion_expires_at` keeps it no longer than it is true.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row

from tollgate_auth.authority.rows import Cut, cut
from tollgate_auth.principals.repository import PrincipalRepository
from tollgate_auth.roles.permissions import PERMISSIONS
from tollgate_auth.tokens.service import ASSERTION_SECONDS, TokenIssuer
from tollgate_common.errors import NotFound
from tollgate_common.principal import Principal

REUSED_SECONDS = 4 * 60
REMEMBERED_ASSERTIONS = 10_000


class Assertion(NamedTuple):
    token: str
    expires_at: int
    reused_until: float


class Principals:
    def __init__(self, repository: PrincipalRepository, issuer: TokenIssuer) -> None:
        self._repository = repository
        self._issuer = issuer
        self._assertions: OrderedDict[tuple[Any, ...], Assertion] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, name: Mapping[str, str]) -> Principal:
        """`name` as `PrincipalRepository.find` has it. `NotFound` for all that cannot act."""
        row = self._repository.find(name)
        remaining = cut(row) if row is not None else None
        if row is None or remaining is None:
            raise NotFound("There is nobody by this name who may act.")
        authority = remaining.authority
        scopes = tuple(scope for scope in PERMISSIONS if scope in authority.scopes)
        assertion = self._assertion(row, remaining, scopes)
        models, *further = authority.models
        return Principal(
            org=row.org, project=row.project, key=row.key, user=row.user, mode=authority.mode,
            scopes=scopes, models=models, limits=remaining.limits, version=row.version,
            assertion=assertion.token, assertion_expires_at=assertion.expires_at,
            networks=authority.networks, session=row.session, further_models=tuple(further),
        )  # fmt: skip

    def _assertion(self, row: Row[Any], remaining: Cut, scopes: tuple[str, ...]) -> Assertion:
        authority = remaining.authority
        remembered = (
            row.key or row.user,
            row.session,
            row.version,
            scopes,
            authority.mode,
            authority.end,
            remaining.grants,
            remaining.is_closed,
        )
        assertion = self._assertions.get(remembered)
        if assertion is None or assertion.reused_until < time.time():
            assertion = self._sign(row, remaining, scopes)
            with self._lock:
                self._assertions[remembered] = assertion
                self._assertions.move_to_end(remembered)
                while len(self._assertions) > REMEMBERED_ASSERTIONS:
                    self._assertions.popitem(last=False)
        return assertion

    def _sign(self, row: Row[Any], remaining: Cut, scopes: tuple[str, ...]) -> Assertion:
        authority, now = remaining.authority, int(time.time())
        expires_at = _earlier(now + ASSERTION_SECONDS, authority.end)
        claims = {
            "org": row.org, "project": row.project, "key": row.key, "user": row.user,
            "mode": authority.mode, "scope": " ".join(scopes), "session": row.session,
            **_stated(row), **_memberships(remaining),
        }  # fmt: skip
        token = self._issuer.assertion(row.key or row.user, claims, expires_at)
        return Assertion(token, expires_at, min(now + REUSED_SECONDS, expires_at))


def _stated(row: Row[Any]) -> dict[str, str]:
    """Return what the key and its organisation state of unsupported fields, if they do."""
    claims = {"key_unsupported": row.key_unsupported, "org_unsupported": row.org_unsupported}
    return {name: value for name, value in claims.items() if value is not None}


def _memberships(remaining: Cut) -> dict[str, Any]:
    """Return the grants, and whether there is nothing beside them, where there is one of both."""
    claims: dict[str, Any] = {}
    if remaining.grants:
        claims["grants"] = [
            {"scope": " ".join(sorted(each.scopes)), "projects": sorted(each.projects)}
            for each in remaining.grants
        ]
    if remaining.is_closed:
        claims["closed"] = True
    return claims


def _earlier(at: int, end: datetime | None) -> int:
    return at if end is None else min(at, int(end.timestamp()))
