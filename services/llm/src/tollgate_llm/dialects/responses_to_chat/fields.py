"""Refuses the fields that nothing was made of, each by its name."""

from collections.abc import Collection, Mapping
from typing import Any

from tollgate_llm.dialects.translation import Drops, Json

_DEFAULTS: Mapping[str, Any] = {
    "allowed_callers": ["direct"],
    "async": False,
    "background": False,
    "caller": {"type": "direct"},
    "context": "auto",
    "context_compression": "auto",
    "context_management": [],
    "defer_loading": False,
    "detail": "auto",
    "image": {"context_compression": "auto"},
    "mode": "standard",
    "phase": "final_answer",
    "prewarm": False,
    "truncation": "disabled",
}
"""What says no more than leaving the field out."""

_STORED = "nothing is stored at this provider"
_REASONS: Mapping[str, str] = {
    "background": "this provider answers while the caller waits",
    "conversation": _STORED,
    "encrypted_content": "only the provider that encrypted this reasoning can read it",
    "file_id": _STORED,
    "moderation": "this provider does not moderate",
    "phase": "chat completions do not tell commentary from answers",
    "previous_response_id": _STORED,
    "prompt": _STORED,
    "truncation": "this provider leaves out nothing of a conversation",
}
_NO_COUNTERPART = "chat completions have no counterpart"


def refuse_rest(given: Json, understood: Collection[str], at: str, drops: Drops) -> None:
    """`at` is the object's own path, empty for the request itself. Null says nothing."""
    for name, value in given.items():
        if name in understood or value is None or value == _DEFAULTS.get(name):
            continue
        drops.add(f"{at}.{name}" if at else name, _REASONS.get(name, _NO_COUNTERPART))
