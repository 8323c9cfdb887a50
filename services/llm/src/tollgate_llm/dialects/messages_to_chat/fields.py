"""Refuses the fields that nothing was made of, each by its name."""

from collections.abc import Collection, Mapping
from typing import Any

from tollgate_llm.dialects.translation import Drops, Json

_HINTS = frozenset({"cache_control", "eager_input_streaming"})
"""They change what a call costs or when its pieces come, not what is answered."""

_DEFAULTS: Mapping[str, Any] = {
    "allowed_callers": ["direct"],
    "caller": {"type": "direct"},
    "citations": {"enabled": False},
    "context_management": {},
    "defer_loading": False,
    "input_examples": [],
    "mcp_servers": [],
    "stream": False,
    "transformations": {},
}
"""What says no more than leaving the field out."""

_REASONS: Mapping[str, str] = {
    "citations": "this provider does not cite",
    "container": "this provider runs no code",
    "defer_loading": "this provider has no search for tools",
    "inference_geo": "it cannot be chosen where this provider runs",
    "mcp_servers": "this provider calls no MCP servers",
    "top_k": "chat completions limit the choice of tokens by `top_p` only",
}
_NO_COUNTERPART = "chat completions have no counterpart"


def refuse_rest(given: Json, understood: Collection[str], at: str, drops: Drops) -> None:
    """`at` is the object's own path, empty for the request itself. Null says nothing."""
    for name, value in given.items():
        if name in understood or name in _HINTS or value is None or value == _DEFAULTS.get(name):
            continue
        drops.add(f"{at}.{name}" if at else name, _REASONS.get(name, _NO_COUNTERPART))
