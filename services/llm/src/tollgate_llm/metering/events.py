"""Server-sent events, as they fly by: where one ends, and what the few that matter say.

A dialect's `Grammar` has a pattern (`alert`) that no event of interest goes without; blocks of
events in which it is not found are passed on unread. What is found is decoded.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec

from tollgate_llm.metering.media import (
    IMAGE_TOKENS,
    ImageUsage,
    RecordingUsage,
    SpeechUsage,
    estimate_speech,
)
from tollgate_llm.metering.usage import AnthropicUsage, OpenAIUsage, Usage, tokens_of

_END_OF_EVENT = re.compile(rb"(?>\r\n|\n|\r)(?>\r\n|\n|\r)")
_LINES = re.compile(rb"\r\n|\n|\r")
_STRING = rb'"\s*:\s*"([^"\\]*+(?:\\.[^"\\]*+)*+)"'


class Seen(NamedTuple):
    """What one event says. `usage` is None where it says nothing of it; `over` that nothing of
    interest follows; `failed` that the provider gave up; `bare` that it carries nothing but
    usage; `adds` that its usage is to be added to the earlier ones'."""

    usage: OpenAIUsage | AnthropicUsage | None = None
    over: bool = False
    failed: bool = False
    bare: bool = False
    adds: bool = False


NOTHING = Seen()


class Grammar(NamedTuple):
    """`text` finds what the model says, to estimate by when no usage is reported: so many bytes of
    it are so many `tokens`."""

    alert: re.Pattern[bytes]
    text: re.Pattern[bytes]
    read: Callable[[bytes], Seen]
    tokens: Callable[[int], int] = tokens_of


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
    """The event's data: its `data:` lines, joined."""
    lines = [line[5:] for line in _LINES.split(event) if line.startswith(b"data:")]
    return b"\n".join(line[1:] if line.startswith(b" ") else line for line in lines)


class _Chunk(msgspec.Struct):
    usage: OpenAIUsage | None = None
    choices: list[msgspec.Raw] | None = None
    service_tier: Any = None
    error: Any = None


class _ResponseOfEvent(msgspec.Struct):
    usage: OpenAIUsage | None = None
    service_tier: Any = None


class _ResponsesEvent(msgspec.Struct):
    type: str = ""
    response: _ResponseOfEvent | None = None


class _MessageOfEvent(msgspec.Struct):
    usage: AnthropicUsage | None = None


class _MessagesEvent(msgspec.Struct):
    type: str = ""
    message: _MessageOfEvent | None = None
    usage: AnthropicUsage | None = None


class _ImageEvent(msgspec.Struct):
    type: str = ""
    usage: ImageUsage | None = None
    error: Any = None


class _SpeechEvent(msgspec.Struct):
    type: str = ""
    usage: SpeechUsage | None = None
    error: Any = None


class _TranscriptEvent(msgspec.Struct):
    type: str = ""
    usage: RecordingUsage | None = None
    error: Any = None


_chunk = msgspec.json.Decoder(_Chunk).decode
_responses_event = msgspec.json.Decoder(_ResponsesEvent).decode
_messages_event = msgspec.json.Decoder(_MessagesEvent).decode
_image_event = msgspec.json.Decoder(_ImageEvent).decode
_speech_event = msgspec.json.Decoder(_SpeechEvent).decode
_transcript_event = msgspec.json.Decoder(_TranscriptEvent).decode
_UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)


def _read_chunk(event: bytes) -> Seen:
    data = data_of(event)
    if data.strip() == b"[DONE]":
        return Seen(over=True)
    try:
        chunk = _chunk(data)
    except _UNREADABLE:
        return NOTHING
    if chunk.error:
        return Seen(over=True, failed=True)
    if chunk.usage is None:
        return NOTHING
    return Seen(usage=chunk.usage.processed(chunk.service_tier), bare=chunk.choices == [])


_RESPONSE_OVER = frozenset({"response.completed", "response.incomplete", "response.failed"})


def _read_responses(event: bytes) -> Seen:
    try:
        found = _responses_event(data_of(event))
    except _UNREADABLE:
        return NOTHING
    if found.type == "error":
        return Seen(over=True, failed=True)
    answer = found.response
    usage = answer.usage.processed(answer.service_tier) if answer and answer.usage else None
    over = found.type in _RESPONSE_OVER
    return Seen(usage=usage, over=over, failed=found.type == "response.failed")


def _read_messages(event: bytes) -> Seen:
    try:
        found = _messages_event(data_of(event))
    except _UNREADABLE:
        return NOTHING
    if found.type == "error":
        return Seen(over=True, failed=True)
    usage = found.message.usage if found.message else found.usage
    return Seen(usage=usage, over=found.type == "message_stop")


_MediaEvent = _ImageEvent | _SpeechEvent | _TranscriptEvent


def _media(decode: Callable[[bytes], _MediaEvent]) -> Callable[[bytes], Seen]:
    """Typed events, of which one ends the stream; images come one after another, each with its
    own usage, until the stream ends."""

    def read(event: bytes) -> Seen:
        data = data_of(event)
        if data.strip() == b"[DONE]":
            return Seen(over=True)
        try:
            found = decode(data)
        except _UNREADABLE:
            return NOTHING
        if found.error or found.type == "error":
            return Seen(over=True, failed=True)
        over = found.type.endswith(".done")
        return Seen(usage=found.usage, over=over, adds=isinstance(found, _ImageEvent))

    return read


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
    read=_media(_image_event),
    tokens=lambda images: images * IMAGE_TOKENS,
)
SPEECH = Grammar(
    alert=_MEDIA_ALERT,
    text=re.compile(rb'"audio' + _STRING),
    read=_media(_speech_event),
    tokens=_speech_tokens,
)
TRANSCRIPTS = Grammar(
    alert=_MEDIA_ALERT,
    text=re.compile(rb'"delta' + _STRING),
    read=_media(_transcript_event),
)


def normal(usage: OpenAIUsage | AnthropicUsage | None) -> Usage | None:
    return usage.normal() if usage is not None else None
