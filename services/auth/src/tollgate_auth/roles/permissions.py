"""The tables of roles and what they may do: in the organisation, and in a project."""

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

OWNER, MEMBER = "owner", "member"

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
    MEMBER: ("inference", "keys:write", "reports:write", "jobs:write", *_READING),
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


ABOVE_PROJECTS = frozenset({OWNER, "admin", "billing"})
"""The roles that count in every project, whatever the memberships of who has them."""

PROJECT_PERMISSIONS = frozenset(
    {
        "inference",
        "projects:read",
        "keys:read",
        "keys:write",
        "limits:read",
        "usage:read",
        "reports:read",
        "reports:write",
        "jobs:read",
        "jobs:write",
        "jobs:manage",
    }
)
"""The permissions that reach no further than projects. The others that a project's admin has reach
further than the project where the organisation gives them: no key and no service account gets one
of those from a membership."""

_PROJECT_READING = tuple(name for name in _READING if name in PROJECT_PERMISSIONS)
_PROJECT_MEMBER = ("inference", "keys:write", "reports:write", "jobs:write", *_PROJECT_READING)

PROJECT_ROLES: Mapping[str, tuple[str, ...]] = {
    "admin": (
        *_PROJECT_MEMBER,
        "jobs:manage",
        "limits:write",
        "projects:write",
        "users:read",
        "users:write",
    ),
    "member": _PROJECT_MEMBER,
    "viewer": _PROJECT_READING,
}

PROJECT_DESCRIPTIONS: Mapping[str, str] = {
    "admin": "Also handles the project's members, name, limits, service accounts, and everybody's"
    " keys, queued calls and reports in it.",
    "member": "Uses models in the project, with API keys of their own, and reads what it costs.",
    "viewer": "Reads what is of the project; changes nothing and calls no model.",
}


def permissions_of(role: str | None) -> frozenset[str]:
    """None without a role, or with one that there is not."""
    return frozenset(ROLES.get(role or "", ()))
