"""`x-tollgate-stream-cost: comment`: a stream tells its cost at its end to callers who ask for it.

The stream then ends with a comment, which every reader of server-sent events skips:
`: tollgate-cost-usd 0.000123000`. llm writes it, who knows the cost; the gateway keeps answers for
an Idempotency-Key without it, and writes it anew when it gives one again, which costs nothing.
"""

import re
from collections.abc import Mapping

from tollgate_common.errors import BadRequest
from tollgate_common.money import usd_text

HEADER = "x-tollgate-stream-cost"
VARIABLE = "HTTP_X_TOLLGATE_STREAM_COST"
COMMENT = "comment"
EVENT_STREAM = "text/event-stream"
LONGEST_END = 3
"""The bytes that tell whether the last event of a stream is complete."""
_COMPLETE = (b"\n\n", b"\r\r", b"\n\r\n")
_TOLD = re.compile(rb": tollgate-cost-usd [0-9]+\.[0-9]{9}\n\n\Z")


def wants_stream_cost(environ: Mapping[str, object]) -> bool:
    """Return whether the caller asks for the cost; `BadRequest` for a way that there is not."""
    value = environ.get(VARIABLE)
    if value is None:
        return False
    if str(value).strip().lower() != COMMENT:
        raise BadRequest(f"{HEADER}: `{COMMENT}` is the only value.", param=HEADER)
    return True


def is_event_stream(content_type: str | None) -> bool:
    return (content_type or "").lower().startswith(EVENT_STREAM)


def cost_comment(end: bytes, cost_nanos: int) -> bytes:
    """Return the comment that follows a stream whose last bytes are `end`."""
    completion = b"" if not end or end.endswith(_COMPLETE) else b"\n\n"
    return completion + f": tollgate-cost-usd {usd_text(cost_nanos)}\n\n".encode()


def without_cost(stream: bytes) -> bytes:
    """Return the stream without the comment at its end."""
    return _TOLD.sub(b"", stream)
