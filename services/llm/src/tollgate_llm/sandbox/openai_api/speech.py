"""POST /v1/audio/speech: a tone of 50 ms for each token of the text, which is one token of sound.

Compressed formats are silent, and of those that take more than a header to write (opus, flac)
there are none here: 400 says so.
"""

from __future__ import annotations

import math
import struct
from array import array
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from zlib import crc32

from flask import Response

from tollgate_llm.sandbox.asks import Ask, Json
from tollgate_llm.sandbox.bills import bill_of
from tollgate_llm.sandbox.calls import begin, checked_body
from tollgate_llm.sandbox.delivery import Delivery
from tollgate_llm.sandbox.dialects import OPENAI
from tollgate_llm.sandbox.errors import InvalidRequest
from tollgate_llm.sandbox.sse import Frame, unnamed
from tollgate_llm.sandbox.tokens import count_text, pieces
from tollgate_llm.sandbox.trouble import Trouble
from tollgate_llm.sandbox.validation import ParamsType

ENDPOINT = "/v1/audio/speech"
MOST_CHARACTERS = 4096
RATE, SAMPLES = 24_000, 1_200
_MP3 = (b"\xff\xf3\x84\xc0" + bytes(188)) * 2  # MPEG-2 layer III, 64 kbit/s, mono: 24 ms each
_AAC = bytes.fromhex("fff1584001bffc00c800802380")  # ADTS, LC, 24 kHz, mono
_TYPES = {"mp3": "audio/mpeg", "aac": "audio/aac", "wav": "audio/wav", "pcm": "audio/pcm"}
PARAMS = ParamsType(
    "openai.types.audio.speech_create_params", "SpeechCreateParams", ranges={"speed": (0.25, 4)}
)


def speak(delivery: Delivery) -> Response:
    body = checked_body(OPENAI, PARAMS)
    text, kind = _text(body), _kind(body)
    as_events = body.get("stream_format") == "sse"
    read = count_text(text) + count_text(body.get("instructions") or "")
    ask = Ask(body["model"], as_events, text, input_tokens=read)
    call, trouble = begin(ENDPOINT, ask, delivery)
    said = pieces(text)
    call = replace(call, bill=bill_of(ask.model, input=read, audio_output=len(said)))
    if as_events:
        frames = _events(ask, said, kind, counted=trouble is not Trouble.NOUSAGE)
        return delivery.stream(call, frames, OPENAI.headers(), len(said))
    return delivery.stream(call, _sound(said, kind), OPENAI.headers(), len(said), _TYPES[kind])


def _text(body: Json) -> str:
    text: str = body["input"]
    if not text or len(text) > MOST_CHARACTERS:
        message = f"Expected a text of 1 to {MOST_CHARACTERS} characters."
        raise InvalidRequest(message, param=("input",), code="invalid_value")
    return text


def _kind(body: Json) -> str:
    kind: str = body.get("response_format") or "mp3"
    if kind not in _TYPES:
        raise InvalidRequest("The sandbox does not make this.", param=("response_format",))
    return kind


def _sound(said: list[str], kind: str) -> Iterator[Frame]:
    """The last piece is a frame of its own, because it ends the answer."""
    if kind == "wav":
        yield Frame(_wav_head(2 * SAMPLES * len(said)))
    for number, piece in enumerate(said, 1):
        data = tone(piece, kind)
        yield Frame(data[:-1], 1)
        yield Frame(data[-1:], last=number == len(said))


def _events(ask: Ask, said: list[str], kind: str, *, counted: bool) -> Iterator[Frame]:
    head = _wav_head(2 * SAMPLES * len(said)) if kind == "wav" else b""
    for piece in said:
        sound = b64encode(head + tone(piece, kind)).decode()
        head = b""
        yield unnamed({"type": "speech.audio.delta", "audio": sound}, 1)
    done: Json = {"type": "speech.audio.done"}
    if counted:
        read, made = ask.input_tokens, len(said)
        done["usage"] = {"input_tokens": read, "output_tokens": made, "total_tokens": read + made}
    yield Frame(unnamed(done).data, last=True)


def tone(piece: str, kind: str) -> bytes:
    if kind in ("mp3", "aac"):
        return _MP3 if kind == "mp3" else _AAC
    return _wave(220 + 20 * (crc32(piece.strip().encode()) % 32))


@cache
def _wave(hertz: int) -> bytes:
    """16 bits a sample, little-endian."""
    samples = (round(8000 * math.sin(math.tau * hertz * at / RATE)) for at in range(SAMPLES))
    return struct.pack(f"<{SAMPLES}h", *array("h", samples))


def _wav_head(size: int) -> bytes:
    shape = struct.pack("<IHHIIHH", 16, 1, 1, RATE, 2 * RATE, 2, 16)
    return b"".join((b"RIFF", struct.pack("<I", 36 + size), b"WAVEfmt ", shape, b"data",
                     struct.pack("<I", size)))  # fmt: skip
