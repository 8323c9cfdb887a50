"""AWS's event stream, byte by byte."""

import zlib

import pytest

from tests.llm.clouds import EVENTS, chunk, framed
from tollgate_llm.providers.clouds.event_stream import (
    BrokenStream,
    Message,
    MessageReader,
    server_sent,
)

# From AWS's own test suite of the format.
EMPTY = bytes.fromhex("000000100000000005c248eb7d98c8ff")
NO_HEADERS = bytes.fromhex("0000001d00000000fd528c5a7b27666f6f273a27626172277dc3653936")


def read(data: bytes, step: int) -> list[Message]:
    reader = MessageReader()
    pieces = (data[at : at + step] for at in range(0, len(data), step))
    found = [message for piece in pieces for message in reader.feed(piece)]
    assert reader.is_empty
    return found


@pytest.mark.parametrize("step", [1, 7, 16, 1000])
def test_messages_are_found_however_they_are_cut(step: int) -> None:
    found = read(EMPTY + NO_HEADERS + framed({"a": "b\u00e9"[:1]}, b"x"), step)
    assert found == [Message({}, b""), Message({}, b"{'foo':'bar'}"), Message({"a": "b"}, b"x")]


@pytest.mark.parametrize("at", range(len(NO_HEADERS)))
def test_no_damaged_byte_goes_unnoticed(at: int) -> None:
    damaged = bytearray(NO_HEADERS)
    damaged[at] ^= 1
    with pytest.raises(BrokenStream):
        list(MessageReader().feed(bytes(damaged)))


@pytest.mark.parametrize(
    "headers",
    [
        b"\x01a\x07\x00\x09b", b"\x01a\x00", b"\x09a", b"\x01a\x07\x00",
        b"\x01\xff\x07\x00\x00",
    ],
)  # fmt: skip
def test_headers_that_are_none_are_noticed(headers: bytes) -> None:
    prelude = (16 + len(headers)).to_bytes(4) + len(headers).to_bytes(4)
    message = prelude + zlib.crc32(prelude).to_bytes(4) + headers
    with pytest.raises(BrokenStream):
        list(MessageReader().feed(message + zlib.crc32(message).to_bytes(4)))


def test_an_event_keeps_its_bytes() -> None:
    (message,) = read(chunk(EVENTS[2]), 1000)
    assert server_sent(message) == (
        b'event: content_block_delta\ndata: {"type": "content_block_delta", "index": 0, '
        b'"delta": {"type": "text_delta", "text": "hi"}}\n\n'
    )


def test_a_message_without_an_event_is_none() -> None:
    assert server_sent(Message({":message-type": "event"}, b"{}")) == b""


@pytest.mark.parametrize(
    "message",
    [
        Message({":message-type": "exception", ":exception-type": "a"}, b'{"message":"b"}'),
        Message({":message-type": "error", ":error-code": "a", ":error-message": "b"}, b""),
    ],
)
def test_what_goes_wrong_is_an_error_as_anthropic_tells_it(message: Message) -> None:
    told = b'event: error\ndata: {"type":"error","error":{"type":"a","message":"b"}}\n\n'
    assert server_sent(message) == told


@pytest.mark.parametrize("payload", [b"", b'{"bytes":1}', b'{"bytes":"!!!"}', b'{"bytes":"e30="}'])
def test_an_unreadable_payload_breaks_the_stream(payload: bytes) -> None:
    with pytest.raises(BrokenStream):
        server_sent(Message({":message-type": "event"}, payload))
