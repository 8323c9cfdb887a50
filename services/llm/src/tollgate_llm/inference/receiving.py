"""A provider's answer on its way in: read as far as it takes to know that it is one.

JSON is read whole. A stream is held back until it says something, which is at the same time when
its first byte could go on, or for a few seconds at most: callers are kept waiting no longer by
comments. Sound is held back until there is any. What is broken off in the middle is an answer, and
delivery tells of it; what is broken off before it has begun is as if nothing had come.
"""

import codecs
import re
import time
from collections.abc import Iterator
from itertools import chain
from typing import Protocol as Interface

from tollgate_common.relay import RelayFailed
from tollgate_llm.inference.non_answers import BAD_GATEWAY, NonAnswer, judge
from tollgate_llm.inference.openings import SILENT, Opening
from tollgate_llm.inference.protocols import Protocol
from tollgate_llm.inference.retrying import Refused
from tollgate_llm.inference.unpacking import Received
from tollgate_llm.metering.meter import Meter
from tollgate_llm.metering.usage import Usage

EVENT_STREAM = "text/event-stream"
LARGEST_ANSWER = 256 * 1024 * 1024
HOLD_SECONDS = 10.0
HOLD_BYTES = 4 * 1024 * 1024
_CLAIMS_NO_SOUND = ("json", "html")
_FIELD = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:data|event|id|retry)?:")
_FIELDS = (b"data:", b"event:", b"id:", b"retry:", b"\xef\xbb\xbf")
_PLAIN = ("", "identity")


class Answer(Interface):
    """An answer that can be delivered: iterate it for the body, close it to give up."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> list[tuple[str, str]]: ...
    def header(self, name: str) -> str | None: ...
    def __iter__(self) -> Iterator[bytes]: ...
    def close(self) -> None: ...


class WholeAnswer:
    """An answer that has been read. `usage` is what it reports, None if nothing; `broken` says how
    it broke off, if it did."""

    def __init__(
        self, answer: Received, body: bytes, usage: Usage | None, broken: RelayFailed | None
    ) -> None:
        self.status = answer.status
        self.headers = answer.headers
        self.body = body
        self.usage = usage
        self.broken = broken
        self._answer = answer

    def header(self, name: str) -> str | None:
        return self._answer.header(name)

    def __iter__(self) -> Iterator[bytes]:
        yield self.body
        if self.broken is not None:
            raise self.broken

    def close(self) -> None:
        self._answer.close()


class BegunAnswer:
    """An answer of which the beginning has been read: `held`, and the `rest` as it comes."""

    def __init__(self, answer: Received, held: bytes, rest: Iterator[bytes]) -> None:
        self.status = answer.status
        self.headers = answer.headers
        self._answer = answer
        self._held = held
        self._rest = rest

    def header(self, name: str) -> str | None:
        return self._answer.header(name)

    def __iter__(self) -> Iterator[bytes]:
        yield self._held
        yield from self._rest

    def close(self) -> None:
        self._answer.close()


def received(protocol: Protocol, answer: Received) -> Answer | Refused:
    """Return an answer with status 200, or how it is refused when it is none.

    Raises `RelayFailed` when it breaks off before it has begun.
    """
    content_type = (answer.header("content-type") or "").lower()
    # There are encodings that nobody here can read.
    is_plain = (answer.header("content-encoding") or "").lower() in _PLAIN
    if protocol.grammar is not None and content_type.startswith(EVENT_STREAM):
        return _stream(protocol, answer, iter(answer)) if is_plain else answer
    if protocol.sound and not any(claim in content_type for claim in _CLAIMS_NO_SOUND):
        return _sound(answer) if is_plain else answer
    if protocol.grammar is not None and is_plain:
        return _perhaps_stream(protocol, answer, content_type)
    return _whole(protocol, answer, iter(answer), content_type if is_plain else None)


def is_stream(protocol: Protocol, answer: Answer) -> bool:
    """Return whether the answer comes event by event."""
    if protocol.grammar is None or isinstance(answer, WholeAnswer):
        return False
    content_type = (answer.header("content-type") or "").lower()
    return not protocol.sound or content_type.startswith(EVENT_STREAM)


def _perhaps_stream(protocol: Protocol, answer: Received, content_type: str) -> Answer | Refused:
    """Return a stream if the body begins as one, whatever its type: some servers send events as
    plain text or as JSON, or do not say what they send."""
    chunks = iter(answer)
    try:
        beginning = _beginning_of(chunks)
    except RelayFailed as broken:
        return WholeAnswer(answer, b"", None, broken)
    body = chain((beginning,), chunks)
    if _FIELD.match(beginning):
        return _stream(protocol, answer, body, content_type)
    return _whole(protocol, answer, body, content_type)


def _beginning_of(chunks: Iterator[bytes]) -> bytes:
    """Return the chunks up to the one that tells whether the body is a stream: some servers send
    line ends while they compute, and a field's name may come in pieces."""
    beginning = b""
    for data in chunks:
        beginning += data
        if not _may_become_field(beginning) or len(beginning) > HOLD_BYTES:
            break
    return beginning


def _may_become_field(beginning: bytes) -> bool:
    text = beginning.removeprefix(codecs.BOM_UTF8).lstrip()
    return any(field.startswith(text) and field != text for field in _FIELDS)


def _whole(
    protocol: Protocol, answer: Received, chunks: Iterator[bytes], content_type: str | None
) -> Answer | Refused:
    """Without a content type the answer is not judged."""
    body, broken = _read(answer, chunks)
    usage = protocol.read(body)
    if broken is not None or content_type is None:
        return WholeAnswer(answer, body, usage, broken)
    has_usage = usage is not None and not protocol.free
    found = judge(body, content_type, json_only=protocol.json_only, has_usage=has_usage)
    if found is None:
        return WholeAnswer(answer, body, usage, None)
    return Refused(found.status, answer.headers, body, found, usage if has_usage else None)


def _read(answer: Received, chunks: Iterator[bytes]) -> tuple[bytes, RelayFailed | None]:
    """Return the body, or the part of it that came and how it broke off."""
    parts: list[bytes] = []
    size, broken = 0, None
    try:
        for part in chunks:
            parts.append(part)
            size += len(part)
            if size > LARGEST_ANSWER:
                raise RelayFailed("the answer is too large", sent=True)
    except RelayFailed as failed:
        broken = failed
    finally:
        answer.close()
    return b"".join(parts), broken


def _stream(
    protocol: Protocol, answer: Received, chunks: Iterator[bytes], other_type: str | None = None
) -> Answer | Refused:
    """Return the stream once it has begun. With `other_type` nothing but its beginning has told
    that it is one: if it never says anything, it is a whole answer of that type."""
    opening = Opening()
    until = time.monotonic() + HOLD_SECONDS
    try:
        for data in chunks:
            opening.feed(data)
            if opening.non_answer is not None:
                break
            is_long = len(opening.held) > HOLD_BYTES or time.monotonic() > until
            if opening.has_begun or is_long:
                return BegunAnswer(answer, opening.held, chunks)
        else:
            opening.finish()
    except RelayFailed:
        answer.close()
        raise
    answer.close()
    if opening.non_answer is None:
        return BegunAnswer(answer, opening.held, iter(()))
    if opening.non_answer is SILENT and other_type is not None:
        return _whole(protocol, answer, iter((opening.held,)), other_type)
    usage = _usage_of(protocol, opening.held)
    return Refused(
        opening.non_answer.status, answer.headers, opening.error, opening.non_answer, usage
    )


def _usage_of(protocol: Protocol, stream: bytes) -> Usage | None:
    """Return what a stream has reported that has said nothing else."""
    assert protocol.grammar is not None
    meter = Meter(protocol.grammar, hide_usage=False)
    meter.feed(stream)
    meter.finish()
    return meter.usage


def _sound(answer: Received) -> Answer | Refused:
    chunks = iter(answer)
    for data in chunks:
        return BegunAnswer(answer, data, chunks)
    silent = NonAnswer(BAD_GATEWAY, "the answer is empty")
    return Refused(silent.status, answer.headers, b"", silent)
