"""The one table of roles and what they may do."""

from collections.abc import Mapping

PERMISSIONS = (
    "inference",
    "organisation:write",
    "projects:read",
    "projects:write",
    "keys:read",
    "keys:write",
    "users:read",
    "users:write",
    "limits:read",
    "limits:write",
    "providers:read",
    "providers:write",
    "models:read",
    "models:write",
    "usage:read",
    "adjustments:write",
    "reports:read",
    "reports:write",
    "jobs:read",
    "jobs:write",
    "jobs:manage",
    "audit:read",
    "sso:read",
    "sso:write",
)

OWNER = "owner"

_READING = (
    "projects:read",
    "keys:read",
    "limits:read",
    "models:read",
    "usage:read",
    "reports:read",
    "jobs:read",
)

# Whoever names the identity provider can log in as anybody of its domains: the owner's alone.
_OWNERS_ALONE = frozenset({"sso:write"})

# An owner is also the only one who makes and unmakes owners.
ROLES: Mapping[str, tuple[str, ...]] = {
    OWNER: PERMISSIONS,
    "admin": tuple(name for name in PERMISSIONS if name not in _OWNERS_ALONE),
    "member": ("inference", "keys:write", "reports:write", "jobs:write", *_READING),
    "viewer": _READING,
    "billing": ("projects:read", "limits:read", "models:read", "usage:read", "adjustments:write",
                "reports:read", "reports:write"),
}  # fmt: skip

DESCRIPTIONS: Mapping[str, str] = {
    OWNER: "Everything, and alone the making of other owners and of identity providers.",
    "admin": "Everything but the making of owners and of identity providers.",
    "member": "Uses models, with API keys of their own, and reads what it costs.",
    "viewer": "Reads; changes nothing and calls no model.",
    "billing": "Reads usage and limits, adjusts what was estimated, makes reports.",
}


def permissions_of(role: str | None) -> frozenset[str]:
    """None without a role, or with one that there is not."""
    return frozenset(ROLES.get(role or "", ()))
