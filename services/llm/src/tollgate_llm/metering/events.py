"""Server-sent events, as they fly by: where one ends, and what the few that matter say.

A dialect's `Grammar` has a pattern (`alert`) that no event of interest goes without; blocks of
events in which it is not found are passed on unread. What is found is decoded.
"""

import codecs
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import msgspec

from tollgate_llm.metering.anthropic_usage import AnthropicAnswer, AnthropicUsage
from tollgate_llm.metering.estimates import tokens_of
from tollgate_llm.metering.media import IMAGE_TOKENS, estimate_speech
from tollgate_llm.metering.openai_usage import OpenAIAnswer

_END_OF_EVENT = re.compile(rb"(?>\r\n|\n|\r)(?>\r\n|\n|\r)")
_LINES = re.compile(rb"\r\n|\n|\r")
_STRING = rb'"\s*:\s*"([^"\\]*+(?:\\.[^"\\]*+)*+)"'


Answer = OpenAIAnswer | AnthropicAnswer


class Seen(NamedTuple):
    """What one event says. `answer` is what it tells of the answer's usage, None where it tells
    nothing; `over` that nothing of interest follows; `failed` that the provider gave up; `bare`
    that it carries nothing but usage; `adds` that its usage is to be added to the earlier ones'."""

    answer: Answer | None = None
    over: bool = False
    failed: bool = False
    bare: bool = False
    adds: bool = False


NOTHING = Seen()


class Grammar(NamedTuple):
    """`text` finds what the model says, to estimate by when no usage is reported: so many bytes of
    it are so many `tokens`. `medium` is what the model makes or hears, see `OpenAIAnswer.read`."""

    alert: re.Pattern[bytes]
    text: re.Pattern[bytes]
    read: Callable[[bytes], Seen]
    tokens: Callable[[int], int] = tokens_of
    medium: str = "text"


def last_event_end(data: bytes, start: int) -> int:
    """Where the last whole event of `data` ends, or 0. The search begins at `start`.

    A carriage return at the very end may have a line feed to come, so it ends nothing yet.
    """
    if data[-2:] == b"\n\n" and data[-3:-2] not in (b"\n", b"\r"):
        return len(data)  # what almost every read of a stream ends with
    end = 0
    for found in _END_OF_EVENT.finditer(data, start):
        if found.end() < len(data) or data[-1:] != b"\r":
            end = found.end()
    return end


def split_events(block: bytes) -> Iterator[bytes]:
    """The events of a block, each with its blank line; joined, they are the block."""
    start = 0
    for found in _END_OF_EVENT.finditer(block):
        yield block[start : found.end()]
        start = found.end()
    if start < len(block):
        yield block[start:]


def data_of(event: bytes) -> bytes:
    """The event's data: its `data:` lines, joined. A stream may begin with a byte order mark."""
    lines = _LINES.split(event.removeprefix(codecs.BOM_UTF8))
    lines = [line[5:] for line in lines if line.startswith(b"data:")]
    return b"\n".join(line[1:] if line.startswith(b" ") else line for line in lines)


class _Chunk(OpenAIAnswer, frozen=True):
    choices: list[msgspec.Raw] | None = None
    error: Any = None


class _ResponsesEvent(msgspec.Struct):
    type: str = ""
    response: OpenAIAnswer | None = None


class _MessagesEvent(msgspec.Struct):
    """The first event has a message, the later ones a `delta` and the usage beside it."""

    type: str = ""
    message: AnthropicAnswer | None = None
    delta: AnthropicAnswer | None = None
    usage: AnthropicUsage | None = None


class _MediaEvent(OpenAIAnswer, frozen=True):
    type: str = ""
    error: Any = None


_chunk = msgspec.json.Decoder(_Chunk).decode
_responses_event = msgspec.json.Decoder(_ResponsesEvent).decode
_messages_event = msgspec.json.Decoder(_MessagesEvent).decode
_media_event = msgspec.json.Decoder(_MediaEvent).decode
_UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)
_FAILURES = frozenset({"error", "response.failed"})
_ENDS = frozenset(
    {
        "response.completed",
        "response.incomplete",
        "response.failed",
        "message_stop",
        "speech.audio.done",
        "transcript.text.done",
    }
)


class _Outline(msgspec.Struct):
    type: Any = None
    error: Any = None
    choices: Any = None
    usage: Any = None


_outline = msgspec.json.Decoder(_Outline).decode


def _read_apart_from_usage(data: bytes) -> Seen:
    """Return what else an event says whose usage is garbled: it still ends a stream, tells of a
    failure, or carries nothing but usage."""
    try:
        event = _outline(data)
    except _UNREADABLE:
        return NOTHING
    kind = event.type if isinstance(event.type, str) else ""
    failed = bool(event.error) or kind in _FAILURES
    over = failed or kind in _ENDS
    return Seen(over=over, failed=failed, bare=event.choices == [] and event.usage is not None)


def _read_chunk(event: bytes) -> Seen:
    data = data_of(event)
    if data.strip() == b"[DONE]":
        return Seen(over=True)
    try:
        chunk = _chunk(data)
    except _UNREADABLE:
        return _read_apart_from_usage(data)
    answer = chunk if chunk.usage else None
    if chunk.error:
        return Seen(answer=answer, over=True, failed=True)
    if answer is None:
        return NOTHING
    return Seen(answer=answer, bare=chunk.choices == [])


def _read_responses(event: bytes) -> Seen:
    try:
        decoded = _responses_event(data_of(event))
    except _UNREADABLE:
        return _read_apart_from_usage(data_of(event))
    if decoded.type == "error":
        return Seen(over=True, failed=True)
    answer = decoded.response
    over = decoded.type in _ENDS
    return Seen(
        answer=answer if answer and answer.usage else None,
        over=over,
        failed=decoded.type == "response.failed",
    )


def _read_messages(event: bytes) -> Seen:
    try:
        decoded = _messages_event(data_of(event))
    except _UNREADABLE:
        return _read_apart_from_usage(data_of(event))
    if decoded.type == "error":
        return Seen(over=True, failed=True)
    answer = decoded.message
    if answer is None and decoded.usage is not None:
        reason = decoded.delta.stop_reason if decoded.delta else None
        answer = AnthropicAnswer(usage=decoded.usage, stop_reason=reason)
    has_usage = answer is not None and answer.usage is not None
    return Seen(answer=answer if has_usage else None, over=decoded.type == "message_stop")


def _read_media(event: bytes, *, adds: bool = False) -> Seen:
    """Read a typed event, one of which ends the stream. Images come one after another, each with
    its own usage, until the stream ends."""
    data = data_of(event)
    if data.strip() == b"[DONE]":
        return Seen(over=True)
    try:
        decoded = _media_event(data)
    except _UNREADABLE:
        return _read_apart_from_usage(data)
    if decoded.error or decoded.type == "error":
        return Seen(over=True, failed=True)
    over = decoded.type.endswith(".done")
    return Seen(answer=decoded if decoded.usage else None, over=over, adds=adds)


def _speech_tokens(encoded: int) -> int:
    """Sound in base64."""
    return estimate_speech(encoded * 3 // 4, "")


SAID = re.compile(
    rb'"(?:content|refusal|reasoning|reasoning_content|arguments|text|thinking)' + _STRING
)
CHAT = Grammar(
    alert=re.compile(rb'"usage"\s*:\s*\{|\[DONE\]|"error"\s*:'),
    text=SAID,
    read=_read_chunk,
)
RESPONSES = Grammar(
    alert=re.compile(rb'"usage"\s*:\s*\{|"(?:response\.(?:completed|incomplete|failed)|error)"'),
    text=re.compile(rb'"delta' + _STRING),
    read=_read_responses,
)
MESSAGES = Grammar(
    alert=re.compile(rb'"usage"\s*:\s*\{|"(?:message_stop|error)"'),
    text=re.compile(rb'"(?:text|thinking|partial_json)' + _STRING),
    read=_read_messages,
)
_MEDIA_ALERT = re.compile(
    rb'"usage"\s*:\s*\{|\[DONE\]|"error"|"(?:transcript\.text|speech\.audio)\.done"'
)
IMAGES = Grammar(
    alert=_MEDIA_ALERT,
    text=re.compile(rb'"image_(?:generation|edit)\.complete(d)"'),
    read=partial(_read_media, adds=True),
    tokens=lambda images: images * IMAGE_TOKENS,
    medium="image",
)
SPEECH = Grammar(
    alert=_MEDIA_ALERT,
    text=re.compile(rb'"audio' + _STRING),
    read=_read_media,
    tokens=_speech_tokens,
    medium="speech",
)
TRANSCRIPTS = Grammar(
    alert=_MEDIA_ALERT,
    text=re.compile(rb'"delta' + _STRING),
    read=_read_media,
    medium="transcript",
)
