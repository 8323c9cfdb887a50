"""Scripts of concurrent requests, sent to Redis together.

A call to Redis costs a process far more than one more command in it. So while one batch is under
way, the calls that come gather for the next; a call that is alone goes at once, as it is.
"""

import hashlib
import threading
from typing import Any

from redis.exceptions import NoScriptError, RedisError

from tollgate_common.tickets.wire import Command, Wire


class _Call:
    """`turn` is set when the answer is there, or when the caller is to send the next batch."""

    __slots__ = ("answer", "command", "leads", "turn")

    def __init__(self, command: Command) -> None:
        self.command = command
        self.answer: Any = None
        self.leads = False
        self.turn = threading.Event()


class Together:
    """The answers are those of single calls, errors included. With Redis away, those who wait
    behind a failed batch fail with it: each would otherwise wait for as long again."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._lock = threading.Lock()
        self._waiting: list[_Call] = []
        self._under_way = False

    def execute(self, *command: Any) -> Any:
        """The answer to this one command."""
        call = _Call(command)
        if self._join(call):
            self._send_batch()
        else:
            self._wait(call)
        if isinstance(call.answer, BaseException):
            raise call.answer
        return call.answer

    def _join(self, call: _Call) -> bool:
        """Whether the caller is to send the batch that it is in."""
        with self._lock:
            self._waiting.append(call)
            first = not self._under_way
            self._under_way = True
        return first

    def _wait(self, call: _Call) -> None:
        """For the answer, or to send the next batch."""
        try:
            call.turn.wait()
        except BaseException:
            self._leave(call)
            raise
        if call.leads:
            self._send_batch()

    def _leave(self, call: _Call) -> None:
        """Interrupted: the others go on without it."""
        with self._lock:
            if call in self._waiting:
                self._waiting.remove(call)
        if call.leads:
            self._hand_over()

    def _send_batch(self) -> None:
        with self._lock:
            batch, self._waiting = self._waiting, []
        answers: list[Any] = []
        try:
            answers = self._wire.ask([call.command for call in batch])
        except RedisError as error:
            batch += self._all_waiting()
            answers = [error] * len(batch)
        finally:
            self._hand_over()
            _tell(batch, answers)

    def _all_waiting(self) -> list[_Call]:
        with self._lock:
            waiting, self._waiting = self._waiting, []
        return waiting

    def _hand_over(self) -> None:
        """To the first of those who have come meanwhile."""
        with self._lock:
            following = self._waiting[0] if self._waiting else None
            self._under_way = following is not None
        if following:
            following.leads = True
            following.turn.set()


def _tell(batch: list[_Call], answers: list[Any]) -> None:
    """A sender that was interrupted has no answers: nobody may wait for ever."""
    answers = answers or [RedisError("interrupted")] * len(batch)
    for call, answer in zip(batch, answers, strict=True):
        call.answer = answer
        if not call.leads:
            call.turn.set()


class SharedScript:
    """A script known to Redis by its digest; unknown there, it is sent whole and known again."""

    def __init__(self, source: bytes, together: Together) -> None:
        self._sha = hashlib.sha1(source, usedforsecurity=False).hexdigest()
        self._source, self._together = source, together

    def __call__(self, keys: list[str], args: list[Any]) -> Any:
        try:
            return self._together.execute("EVALSHA", self._sha, len(keys), *keys, *args)
        except NoScriptError:
            return self._together.execute("EVAL", self._source, len(keys), *keys, *args)
