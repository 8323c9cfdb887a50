"""What a credential reaches, found out by trying: an oracle that shares no code with the order on
authority. Two credentials are compared by samples of each dimension."""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import jwt
from flask import Flask

from tests.auth.sequences.credentials import Credential
from tollgate_auth.authority.rows import cut
from tollgate_auth.roles.permissions import PROJECT_PERMISSIONS, PROJECT_ROLES
from tollgate_auth.runtime import runtime
from tollgate_common.errors import NotFound
from tollgate_common.guard import Caller, caller_of
from tollgate_common.principal import Principal

MODELS = ("sandbox", "sandbox-slow", "gpt-4o", "gpt-4o-mini", "claude", "Sandbox", "x")
ADDRESSES = tuple(
    map(ipaddress.ip_address, ("10.0.0.1", "10.1.2.3", "10.1.2.4", "192.0.2.1", "2001:db8::1"))
)
MOMENTS = tuple(
    datetime.now(UTC) + timedelta(hours=hours) for hours in (0, 2, 30, 24 * 45, 24 * 400)
)


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Holds the samples that a credential reaches. `scopes` are those for objects without a
    project, and `in_projects` those for objects of each project of the two organisations. `maxima`
    are the limits that bind it as a key, by its user or by its makers, by their ids: it must shed
    none."""

    scopes: frozenset[str]
    in_projects: frozenset[tuple[str, str]]
    modes: frozenset[str]
    models: frozenset[str]
    addresses: frozenset[object]
    moments: frozenset[datetime]
    maxima: Mapping[str, str]

    def beyond(self, root: "Reach") -> str | None:
        """Return in what this reaches more than `root`; None where it does not."""
        for name in ("scopes", "in_projects", "modes", "models", "addresses", "moments"):
            more = getattr(self, name) - getattr(root, name)
            if more:
                return f"{name}: {sorted(map(str, more))}"
        shed = {each for each, most in root.maxima.items() if self.maxima.get(each) != most}
        return f"limits: {sorted(shed)}" if shed else None


def reach(app: Flask, credential: Credential, projects: Iterable[str]) -> Reach | None:
    """Return what the credential reaches now; None where it does not work."""
    with app.app_context():
        try:
            principal = runtime().principals.find(credential.name)
        except NotFound:
            return None
        row = runtime().principals._repository.find(credential.name)
        caller = current_assertion(principal)
    remaining = cut(row) if row is not None else None
    assert remaining is not None
    end = remaining.authority.end
    return Reach(
        scopes=frozenset(principal.scopes) - PROJECT_PERMISSIONS,
        in_projects=frozenset(
            (project, scope)
            for project in projects
            for scope in caller.scopes_in(project).intersection(PROJECT_ROLES["admin"])
        ),
        modes=frozenset({"test", principal.mode}),
        models=frozenset(filter(principal.may_use, MODELS)),
        addresses=frozenset(each for each in ADDRESSES if _is_from(principal, each)),
        moments=frozenset(each for each in MOMENTS if end is None or each < end),
        maxima={
            limit.id: limit.max
            for limit in principal.limits
            if limit.subject.kind in ("key", "user")
        },
    )


def current_assertion(principal: Principal) -> Caller:
    """Read what auth has signed for the services."""
    claims = jwt.decode(principal.assertion, options={"verify_signature": False})
    return caller_of(claims)


def _is_from(principal: Principal, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    networks = [ipaddress.ip_network(each) for each in principal.networks]
    return not networks or any(address in network for network in networks)
