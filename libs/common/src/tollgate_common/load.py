"""How much a process does at once: what is too much is told so at once, instead of waiting."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from flask import Response

from tollgate_common.errors import TollgateError


class Full(TollgateError):
    """The process has as many requests as it takes; another may have room."""

    status = 503
    code = "overloaded"

    def __init__(self) -> None:
        super().__init__(
            "There are too many requests at this moment; please try again.",
            headers={"retry-after": "1"},
        )


class Load:
    """Counts requests from their beginning to the last byte of their answers. `most` at a time."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.now = 0

    def enter(self) -> None:
        """One more; `Full` when there is no room. Each needs one `leave`."""
        if self.now >= self._most:
            raise Full
        self.now += 1

    def leave(self) -> None:
        self.now -= 1

    def until_sent(self, response: Response) -> Response:
        """The response, which leaves when it has been sent, or the caller has gone."""
        # Not `call_on_close`: a response that is passed through directly never calls it.
        response.response = _Sent(response.response, self.leave)
        return response

    def check(self) -> None:
        """For readiness: a full process should get nothing new."""
        if self.now >= self._most:
            raise Full


class _Sent:
    """A body that says when it is done with, once."""

    def __init__(self, body: Iterable[Any], done: Callable[[], None]) -> None:
        self._body = body
        self._done: Callable[[], None] | None = done

    def __iter__(self) -> Iterator[Any]:
        return iter(self._body)

    def close(self) -> None:
        done, self._done = self._done, None
        try:
            if hasattr(self._body, "close"):
                self._body.close()
        finally:
            if done is not None:
                done()
