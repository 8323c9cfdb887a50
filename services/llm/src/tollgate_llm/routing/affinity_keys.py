"""What calls have in common that are better answered by one provider: the session they belong to.

| client | says it in |
|---|---|
| OpenAI's SDKs, Codex | `prompt_cache_key` |
| Claude Code since 2.1.86 | `x-claude-code-session-id` |
| Codex since 0.131 | `thread-id`, `session-id` |
| Codex before that | `conversation_id`, `session_id` |
| Claude Code since 2.1.78 | `metadata.user_id`, as JSON with a `session_id` |
| Claude Code before that | `metadata.user_id`, after `_session_` |

References: OpenAI, "Prompt caching"; Claude Code, "Gateway protocol reference", and
github.com/coder/aibridge/pull/241; github.com/openai/codex/pull/21757 and 22193.

Any other `metadata.user_id` names a person, whose conversations have nothing in common.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from tollgate_common.guard import Caller

_VARIABLES = (
    "HTTP_X_CLAUDE_CODE_SESSION_ID",
    "HTTP_THREAD_ID",
    "HTTP_SESSION_ID",
    "HTTP_CONVERSATION_ID",
)
"""A hyphen and an underscore in a header's name are the same here."""
_OLD_SESSION = "_session_"


class _UserId(msgspec.Struct):
    session_id: str


_decode_user_id = msgspec.json.Decoder(_UserId).decode


def affinity_key_of(
    caller: Caller, environ: Mapping[str, object], prompt_cache_key: Any, metadata: Any
) -> str | None:
    """Return the affinity key of a call, which is the project's own: two projects that name a
    session alike have two keys. None where the client names none."""
    session = _text(prompt_cache_key) or _in_headers(environ) or _in_metadata(metadata)
    if session is None:
        return None
    return "\0".join((caller.org, caller.project or caller.user or "", session))


def _in_headers(environ: Mapping[str, object]) -> str | None:
    return next(filter(None, (_text(environ.get(variable)) for variable in _VARIABLES)), None)


def _in_metadata(metadata: Any) -> str | None:
    user_id = _text(metadata.get("user_id")) if isinstance(metadata, dict) else None
    if user_id is None:
        return None
    if user_id.startswith("{"):
        try:
            return _decode_user_id(user_id).session_id or None
        except (msgspec.MsgspecError, RecursionError, UnicodeEncodeError):
            return None
    return user_id.partition(_OLD_SESSION)[2] or None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
