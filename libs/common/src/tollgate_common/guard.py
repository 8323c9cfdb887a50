"""Who may call a view: every management and internal view carries exactly one of these marks.

    @requires("users:write")           a caller whose assertion grants the permission
    @requires("keys:write", PROJECTS)  one who has the permission, if only in one project
    @authenticated                     any caller that has an assertion: what is about themselves
    @service_only("principals:read")   another service, by client credentials
    @public                            anyone

The marks are what `tests/architecture` walks; a view without one fails it.

Mode is part of authority: a test-mode key or service account may have any scope, and reads and
calls models, queues calls, makes reports and handles test keys by it. Whatever else `requires` lets
somebody write is `LiveOnly` for it: what live calls go by, people, links; and so is asking for live
rows by `mode` in the query of whatever view. Which rows it sees is decided in `visibility`.

A membership gives permissions in a project, and nowhere else: the mark without `PROJECTS` does not
look at memberships. Behind a mark with `PROJECTS` the object decides: what is listed goes by
`visibility`, and what is written passes `require_in_project` with the project of its object.
"""

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

import msgspec
from flask import Flask, current_app, g, request

from tollgate_common.errors import Forbidden, LiveOnly, Unauthorized
from tollgate_common.jwt import Claims, JwksClient, TokenVerifier
from tollgate_common.unsupported import Unsupported

INTERNAL_AUDIENCE = "internal"
TEST = "test"
TEST_MODE_PERMISSIONS = frozenset(
    {"inference", "jobs:write", "jobs:manage", "reports:write", "keys:write"}
)
"""What a test-mode caller may use beside reading."""
LIVE_MODES = frozenset({"live", "all"})
LIVE_READING = frozenset({"audit:read"})
"""Reading that is about what is live as a whole, with no mode to tell apart."""
ORGANISATION, PROJECTS = "organisation", "projects"
"""Where a caller has to have a permission to be let in."""
_NOTHING: frozenset[str] = frozenset()
_EXTENSION = "tollgate_guard"

P = ParamSpec("P")
R = TypeVar("R")


class Grant(msgspec.Struct, frozen=True):
    """Says what somebody's memberships allow in these projects, in the place of what their role in
    the organisation would allow there."""

    scopes: frozenset[str]
    projects: frozenset[str]


class Caller(msgspec.Struct, frozen=True):
    """The one behind a management or inference call, read off auth's assertion. `session` is of a
    user who has logged in, or of a service account. `key_unsupported` and `org_unsupported` are
    what the key and its organisation state of fields that a translation cannot say.

    `scopes` hold for what has no project, and in every project that no grant is about, unless the
    caller is closed: one who is closed has their grants alone, or belongs to somebody who has."""

    org: str
    subject: str
    mode: str
    scopes: frozenset[str]
    project: str | None = None
    key: str | None = None
    user: str | None = None
    session: str | None = None
    key_unsupported: Unsupported | None = None
    org_unsupported: Unsupported | None = None
    grants: tuple[Grant, ...] = ()
    is_closed: bool = False

    @property
    def is_machine(self) -> bool:
        """Say whether a key or a service account calls: of the callers without a key, service
        accounts alone have a project."""
        return self.key is not None or self.project is not None

    def scopes_in(self, project: str | None) -> frozenset[str]:
        """Return what the caller may do to objects of the project; None: to those that have none.
        A machine has its own project only."""
        if project is None:
            return self.scopes
        if self.is_machine:
            return self.scopes if project == self.project else _NOTHING
        for grant in self.grants:
            if project in grant.projects:
                return grant.scopes
        return _NOTHING if self.is_closed else self.scopes

    def may_somewhere(self, permission: str) -> bool:
        """Return whether the caller has the permission, if only in one project."""
        return permission in self.scopes or any(permission in each.scopes for each in self.grants)


def caller_of(claims: Claims) -> Caller:
    return Caller(
        org=claims["org"],
        subject=claims["sub"],
        mode=claims["mode"],
        scopes=frozenset(str(claims.get("scope", "")).split()),
        project=claims.get("project"),
        key=claims.get("key"),
        user=claims.get("user"),
        session=claims.get("session"),
        key_unsupported=claims.get("key_unsupported"),
        org_unsupported=claims.get("org_unsupported"),
        grants=tuple(
            Grant(frozenset(each["scope"].split()), frozenset(each["projects"]))
            for each in claims.get("grants", ())
        ),
        is_closed=claims.get("closed", False),
    )


class Guard:
    """The verifiers of one service: assertions for callers, its own audience for services."""

    def __init__(self, jwks: JwksClient, issuer: str, audience: str) -> None:
        self.assertions = TokenVerifier(jwks, issuer, INTERNAL_AUDIENCE)
        self.services = TokenVerifier(jwks, issuer, audience)

    def register(self, app: Flask) -> None:
        app.extensions[_EXTENSION] = self


def current_caller() -> Caller:
    """The caller that `requires` has let in."""
    return cast(Caller, g.caller)


def bearer_token() -> str:
    """The token of the Authorization header, or `Unauthorized`."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized("Send `Authorization: Bearer <token>`.")
    return token.strip()


def _guard() -> Guard:
    return cast(Guard, current_app.extensions[_EXTENSION])


def is_for_test_mode(permission: str) -> bool:
    """Return whether the permission is one that a test-mode caller may use."""
    is_reading = permission.endswith(":read") and permission not in LIVE_READING
    return is_reading or permission in TEST_MODE_PERMISSIONS


def require_in_project(caller: Caller, permission: str, project: str | None) -> None:
    """`Forbidden` where the caller lacks the permission for objects of this project; None: for
    those that have none. What the caller does not see is no business of this: it is 404 before."""
    if permission not in caller.scopes_in(project):
        where = "" if project is None else " in the project"
        raise Forbidden(f"This needs the permission `{permission}`{where}.")


def requires(
    permission: str, reach: str = ORGANISATION
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let in callers whose assertion grants `permission`, in test mode where the permission is for
    it; the view finds them in `current_caller()`. With the reach `PROJECTS` a permission that they
    have in one project is enough."""
    is_for_test = is_for_test_mode(permission)

    def mark(view: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            g.caller = caller_of(_guard().assertions.verify(bearer_token()))
            g.permission = permission
            caller: Caller = g.caller
            is_let_in = (
                caller.may_somewhere(permission)
                if reach == PROJECTS
                else permission in caller.scopes
            )
            if not is_let_in:
                raise Forbidden(f"This needs the permission `{permission}`.")
            if caller.mode == TEST:
                _check_test_mode(is_for_test)
            return view(*args, **kwargs)

        return _marked(guarded, permission, reach)

    return mark


def _check_test_mode(is_for_test: bool) -> None:
    if not is_for_test:
        raise LiveOnly()
    if request.args.get("mode") in LIVE_MODES:
        raise LiveOnly(param="mode")


def authenticated(view: Callable[P, R]) -> Callable[P, R]:
    """Let in every caller that auth vouches for, whatever they may do; see `current_caller()`."""

    @functools.wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        g.caller = caller_of(_guard().assertions.verify(bearer_token()))
        return view(*args, **kwargs)

    return _marked(guarded, "authenticated")


def service_only(scope: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let in services whose token has `scope` and this service as its audience."""

    def mark(view: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            claims = _guard().services.verify(bearer_token())
            if scope not in str(claims.get("scope", "")).split():
                raise Forbidden(f"This needs the scope `{scope}`.")
            return view(*args, **kwargs)

        return _marked(guarded, f"service:{scope}")

    return mark


def public(view: Callable[P, R]) -> Callable[P, R]:
    """Let anyone in."""
    return _marked(view, "public")


def _marked(view: Callable[P, R], policy: str, reach: str = ORGANISATION) -> Callable[P, R]:
    cast(Any, view).policy = policy
    cast(Any, view).reach = reach
    return view
