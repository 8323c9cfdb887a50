"""The one table of roles and what they may do."""

from collections.abc import Mapping

PERMISSIONS = (
    "inference",
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
    "reports:read",
    "reports:write",
    "jobs:read",
    "jobs:write",
    "audit:read",
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

# An owner may do what an admin may, and is the only one who makes and unmakes owners.
ROLES: Mapping[str, tuple[str, ...]] = {
    OWNER: PERMISSIONS,
    "admin": PERMISSIONS,
    "member": ("inference", "keys:write", "reports:write", "jobs:write", *_READING),
    "viewer": _READING,
    "billing": ("projects:read", "limits:read", "models:read", "usage:read", "reports:read",
                "reports:write"),
}  # fmt: skip

DESCRIPTIONS: Mapping[str, str] = {
    OWNER: "Everything, and the making of other owners.",
    "admin": "Everything but the making of owners.",
    "member": "Uses models, with API keys of their own, and reads what it costs.",
    "viewer": "Reads; changes nothing and calls no model.",
    "billing": "Reads usage and limits, makes reports.",
}


def permissions_of(role: str) -> frozenset[str]:
    return frozenset(ROLES.get(role, ()))
