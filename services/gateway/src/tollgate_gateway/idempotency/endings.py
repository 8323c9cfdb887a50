"""How a stream of events has ended, in either vendor's dialect.

A failure in the middle of a stream is told in it, with status 200: such a stream is no answer.
"""

from typing import Any, Literal

import msgspec

Ending = Literal["whole", "failed", "open"]

_WHOLE = frozenset({"message_stop", "response.completed", "response.incomplete"})
_FAILED = frozenset({"error", "response.failed"})
_DONE = b"[DONE]"


def ending(stream: bytes) -> Ending:
    """What the last event says, once all of it is there."""
    if not stream.endswith((b"\n\n", b"\r\n\r\n")):
        return "open"
    lines = stream.replace(b"\r\n", b"\n").rstrip(b"\n").rpartition(b"\n\n")[2].split(b"\n")
    data = b"\n".join(line[5:].strip() for line in lines if line.startswith(b"data:"))
    return "whole" if data == _DONE else _told(data)


def _told(data: bytes) -> Ending:
    try:
        event: Any = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "open"
    if not isinstance(event, dict):
        return "open"
    kind = event.get("type")
    if (event.get("error") is not None and kind is None) or kind in _FAILED:
        return "failed"
    return "whole" if kind in _WHOLE else "open"
