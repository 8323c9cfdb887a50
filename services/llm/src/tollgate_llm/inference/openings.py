"""The beginning of a stream: whether it is one, before anything of it has gone to the caller.

Comments and events that announce an answer (Anthropic's `message_start`, OpenAI's
`response.created`) say nothing yet; neither does `[DONE]`. The first event that says something
decides: an error is a failure like any other, and the stream has not begun. A stream that ends
without such an event is no answer either.
"""

from typing import Any

import msgspec

from tollgate_llm.inference.non_answers import (
    BAD_GATEWAY,
    NO_REASON,
    NonAnswer,
    failure_of,
    judge,
)
from tollgate_llm.metering.events import data_of, last_event_end, split_events

_ANNOUNCEMENTS = frozenset(
    {
        "message_start",
        "ping",
        "keepalive",
        "response.created",
        "response.in_progress",
        "response.queued",
    }
)
_FAILURES = frozenset({"error", "response.failed"})
_DONE = b"[DONE]"
_LONGEST_END = 4
SILENT = NonAnswer(BAD_GATEWAY, "the stream ended before it said anything")


class _Event(msgspec.Struct):
    type: Any = None
    error: Any = None


_decode_event = msgspec.json.Decoder(_Event).decode
_UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)


class Opening:
    """Takes the bytes of a stream until it `has_begun` or `non_answer` says why it does not.
    `held` is all that has come; `error` is the JSON of the event that says what has failed."""

    def __init__(self) -> None:
        self.held = b""
        self.has_begun = False
        self.non_answer: NonAnswer | None = None
        self.error = b""
        self._read_to = 0

    def feed(self, data: bytes) -> None:
        begin = max(self._read_to, len(self.held) - _LONGEST_END)
        self.held += data
        end = last_event_end(self.held, begin)
        if end > self._read_to:
            block, self._read_to = self.held[self._read_to : end], end
            self._read(block)

    def finish(self) -> None:
        """Take note that the stream has ended: what is left belongs to it."""
        rest, self._read_to = self.held[self._read_to :], len(self.held)
        if rest:
            self._read(rest)
        if self.has_begun or self.non_answer is not None:
            return
        if not self.held.lstrip().startswith((b"{", b"[")):
            self.non_answer = SILENT
            return
        # A whole answer, labelled as a stream.
        self.error = self.held
        self.non_answer = judge(self.held, None, json_only=True, has_usage=False)
        self.has_begun = self.non_answer is None

    def _read(self, block: bytes) -> None:
        for raw in split_events(block):
            data = data_of(raw).strip()
            if not data or data == _DONE:
                continue
            event = _event_of(data)
            if _is_failure(event):
                self.error, self.non_answer = data, _failure(data)
                return
            if not _is_announcement(event):
                self.has_begun = True
                return


def _event_of(data: bytes) -> _Event:
    """Return the event; what nobody can read is one that says something."""
    try:
        return _decode_event(data)
    except _UNREADABLE:
        return _Event()


def _is_failure(event: _Event) -> bool:
    return bool(event.error) or (isinstance(event.type, str) and event.type in _FAILURES)


def _is_announcement(event: _Event) -> bool:
    return isinstance(event.type, str) and event.type in _ANNOUNCEMENTS


def _failure(data: bytes) -> NonAnswer:
    """Return what an error event says; in `response.failed` the response says it."""
    try:
        event: Any = msgspec.json.decode(data)
    except _UNREADABLE:
        return NonAnswer(BAD_GATEWAY, NO_REASON)
    response = event.get("response")
    return failure_of(event if event.get("error") or not isinstance(response, dict) else response)
