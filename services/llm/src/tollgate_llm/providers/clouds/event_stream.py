"""AWS's event stream (`application/vnd.amazon.eventstream`) as server-sent events.

A message is: its length and that of its headers, a CRC-32 of these eight bytes, the headers, the
payload, a CRC-32 of everything before; numbers are big-endian. A header is the length of its name,
the name, its type, its value. Bedrock's messages have string headers (type 7) only; in a `chunk`
the payload is JSON with an event of the vendor's in base64 (`bytes`), in an `exception` it is JSON
with a `message`.
"""

import struct
import zlib
from base64 import b64decode
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from tollgate_common.relay import RelayAnswer, RelayFailed

CONTENT_TYPE = "application/vnd.amazon.eventstream"
SERVER_SENT = "text/event-stream"
PRELUDE_BYTES = 12
SMALLEST = PRELUDE_BYTES + 4
LARGEST = 24 * 1024 * 1024
_STRING = 7


class Message(NamedTuple):
    headers: dict[str, str]
    payload: bytes


class BrokenStream(ValueError):
    """What came is no event stream."""


class _Chunk(msgspec.Struct):
    bytes: str | None = None


class _Typed(msgspec.Struct):
    type: str


class _Exception(msgspec.Struct):
    message: str = ""


_chunk = msgspec.json.Decoder(_Chunk).decode
_typed = msgspec.json.Decoder(_Typed).decode
_exception = msgspec.json.Decoder(_Exception).decode


class MessageReader:
    """Bytes in as they come, whole messages out."""

    def __init__(self) -> None:
        self._rest = b""

    @property
    def is_empty(self) -> bool:
        """Whether the last message was whole."""
        return not self._rest

    def feed(self, data: bytes) -> Iterator[Message]:
        self._rest += data
        while len(self._rest) >= PRELUDE_BYTES:
            size, in_headers, checksum = struct.unpack_from("!III", self._rest)
            if zlib.crc32(self._rest[:8]) != checksum or not SMALLEST <= size <= LARGEST:
                raise BrokenStream("a message begins with nonsense")
            if len(self._rest) < size:
                return
            message, self._rest = self._rest[:size], self._rest[size:]
            if zlib.crc32(message[:-4]) != struct.unpack("!I", message[-4:])[0]:
                raise BrokenStream("a message is damaged")
            end = PRELUDE_BYTES + in_headers
            if end > size - 4:
                raise BrokenStream("a message has more headers than bytes")
            yield Message(_headers(message[PRELUDE_BYTES:end]), message[end:-4])


def _headers(raw: bytes) -> dict[str, str]:
    found, at = {}, 0
    try:
        while at < len(raw):
            name_end = at + 1 + raw[at]
            name = raw[at + 1 : name_end].decode()
            if raw[name_end] != _STRING:
                raise BrokenStream("a header is no string")
            (size,) = struct.unpack_from("!H", raw, name_end + 1)
            at = name_end + 3 + size
            found[name] = raw[name_end + 3 : at].decode()
        if at > len(raw):
            raise BrokenStream("a message's last header is cut short")
    except (IndexError, struct.error, UnicodeDecodeError):
        raise BrokenStream("a message's headers are damaged") from None
    return found


def server_sent(message: Message) -> bytes:
    """The event of the vendor's that is in a message; none for those of AWS's own."""
    kind = message.headers.get(":message-type")
    try:
        if kind == "event":
            return _event(message.payload)
        if kind == "exception":
            name = message.headers.get(":exception-type", "api_error")
            return _error(name, _exception(message.payload).message)
    except (msgspec.MsgspecError, ValueError):
        raise BrokenStream("a message's payload is unreadable") from None
    said = message.headers
    return _error(said.get(":error-code", "api_error"), said.get(":error-message", ""))


def _event(payload: bytes) -> bytes:
    encoded = _chunk(payload).bytes
    if encoded is None:
        return b""
    data = b64decode(encoded)
    lines = data.replace(b"\r", b"").replace(b"\n", b"\ndata: ")  # JSON has neither but as space
    return b"event: " + _typed(data).type.encode() + b"\ndata: " + lines + b"\n\n"


def _error(kind: str, message: str) -> bytes:
    error = {"type": "error", "error": {"type": kind, "message": message}}
    return b"event: error\ndata: " + msgspec.json.encode(error) + b"\n\n"


class ServerSentAnswer(RelayAnswer):
    """An answer in AWS's event stream, delivered as server-sent events."""

    def __init__(self, answer: RelayAnswer) -> None:
        self._answer = answer
        self.status = answer.status
        self.headers = [
            (name, SERVER_SENT if name.lower() == "content-type" else value)
            for name, value in answer.headers
        ]

    def header(self, name: str) -> str | None:
        return SERVER_SENT if name.lower() == "content-type" else self._answer.header(name)

    def hurry(self, between: float, within: float) -> None:
        self._answer.hurry(between, within)

    def __iter__(self) -> Iterator[bytes]:
        reader = MessageReader()
        try:
            for data in self._answer:
                for message in reader.feed(data):
                    if event := server_sent(message):
                        yield event
            if not reader.is_empty:
                raise BrokenStream("the last message is not whole")
        except BrokenStream as broken:
            raise RelayFailed(str(broken), sent=True) from None
        finally:
            self.close()

    def close(self) -> None:
        self._answer.close()
