"""Which service may get tokens for which, and for what. `*` is every scope of that service."""

from collections.abc import Mapping

ANY = "*"

GRANTS: Mapping[str, Mapping[str, frozenset[str]]] = {
    "gateway": {
        "auth": frozenset({"principals:read", "keys:use", "audit:note"}),
        "llm": frozenset({ANY}),
        "reports": frozenset({ANY}),
    },
    "llm": {
        "auth": frozenset({"principals:read", "audit:note"}),
        "gateway": frozenset({"inference:act"}),
        "reports": frozenset({"unpriced:read"}),
    },
    "reports": {
        "auth": frozenset({"principals:read", "limits:read", "audit:note"}),
        "gateway": frozenset({"inference:act"}),
    },
}
