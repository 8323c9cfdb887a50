"""A body that is remembered while it goes out.

Whoever has the whole of it finds it kept: it is written down before its last bytes go, where it is
known that they are. A caller that hangs up before that leaves no answer, and one that hangs up
after it does.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tollgate_common.stream_cost import without_cost
from tollgate_gateway.idempotency.answers import LARGEST_ANSWER
from tollgate_gateway.idempotency.endings import Ending, ending

Done = Callable[[bytes | None, bool], None]
"""Told once: the body, or None when it is too large to be kept, and whether it is an answer."""


class Recording:
    """`length` is what the answer says of its own; None: it does not. `is_stream`: of events.
    `tells_cost`: it ends with its cost, which is no part of the answer."""

    def __init__(
        self,
        body: Iterable[Any],
        length: int | None,
        is_stream: bool,
        done: Done,
        tells_cost: bool = False,
    ) -> None:
        self._body = body
        self._length = length
        self._is_stream = is_stream
        self._tells_cost = tells_cost
        self._done: Done | None = done
        self._parts: list[bytes] | None = []
        self._size = 0

    def __iter__(self) -> Iterator[bytes]:
        for part in self._body:
            self._note(part)
            if self._size == self._length or self._ends_with(part, "whole"):
                self._end(True)
            yield part
        self._end(not self._ends_with(self._tail(), "failed"))

    def close(self) -> None:
        try:
            if hasattr(self._body, "close"):
                self._body.close()
        finally:
            self._end(self._ends_with(self._tail(), "whole"))

    def _ends_with(self, stream: bytes, how: Ending) -> bool:
        return self._is_stream and ending(self._own(stream)) == how

    def _own(self, stream: bytes) -> bytes:
        return without_cost(stream) if self._tells_cost else stream

    def _note(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > LARGEST_ANSWER:
            self._parts = None
        if self._parts is not None:
            self._parts.append(part)

    def _tail(self) -> bytes:
        return b"".join(self._parts or ())

    def _end(self, is_answer: bool) -> None:
        done, self._done = self._done, None
        if done is None:
            return
        parts, self._parts = self._parts, None
        done(None if parts is None else self._own(b"".join(parts)), is_answer)
