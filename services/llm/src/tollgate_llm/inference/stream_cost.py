"""The cost of a stream, told at its end to callers who ask for it.

    x-tollgate-stream-cost: comment

The stream then ends with a comment, which every reader of server-sent events skips:
`: tollgate-cost-usd 0.000123000`. Without the header a stream's bytes stay as they are.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from flask import Response

from tollgate_common.errors import BadRequest
from tollgate_common.money import usd_text
from tollgate_llm.inference.account import Account
from tollgate_llm.inference.headers import Environ

HEADER = "x-tollgate-stream-cost"
VARIABLE = "HTTP_X_TOLLGATE_STREAM_COST"
COMMENT = "comment"
EVENT_STREAM = "text/event-stream"


def wants_stream_cost(environ: Environ) -> bool:
    """Return whether the caller asks for the cost; `BadRequest` for a way that there is not."""
    value = environ.get(VARIABLE)
    if value is None:
        return False
    if str(value).strip().lower() != COMMENT:
        raise BadRequest(f"{HEADER}: `{COMMENT}` is the only value.", param=HEADER)
    return True


def with_stream_cost(response: Response, account: Account) -> Response:
    """Return the response, with the cost at the end of its body if that is a stream of events."""
    kind = response.headers.get("content-type", "")
    if not kind.lower().startswith(EVENT_STREAM):
        return response
    response.headers.pop("content-length", None)
    response.response = _CostAtTheEnd(response.response, account)
    return response


class _CostAtTheEnd:
    """A stream's body, and the comment once all of it has come and the ticket is closed."""

    def __init__(self, body: Iterable[Any], account: Account) -> None:
        self._body = body
        self._account = account

    def __iter__(self) -> Iterator[bytes]:
        last = b"\n\n"
        for part in self._body:
            last = part or last
            yield part
        ending = b"" if last.endswith((b"\n\n", b"\r\r", b"\n\r\n")) else b"\n\n"
        cost = usd_text(self._account.cost_nanos)
        yield ending + f": tollgate-cost-usd {cost}\n\n".encode()

    def close(self) -> None:
        close = getattr(self._body, "close", None)
        if close is not None:
            close()
