"""The cost of a stream at its end, once its ticket is closed, see `tollgate_common.stream_cost`."""

from collections.abc import Iterable, Iterator
from typing import Any

from flask import Response

from tollgate_common.stream_cost import LONGEST_END, cost_comment, is_event_stream
from tollgate_llm.inference.account import Account


def with_stream_cost(response: Response, account: Account) -> Response:
    """Return the response, with the cost at the end of its body if that is a stream of events."""
    if not is_event_stream(response.headers.get("content-type")):
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
        end = b""
        for part in self._body:
            end = (end + part[-LONGEST_END:])[-LONGEST_END:]
            yield part
        yield cost_comment(end, self._account.cost_nanos)

    def close(self) -> None:
        close = getattr(self._body, "close", None)
        if close is not None:
            close()
