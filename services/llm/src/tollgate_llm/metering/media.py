"""What images and sound use: as OpenAI's dialect reports it, and the estimates where it does not.

Not reported: a recording is taken to have 16,000 bytes a second (128 kbit/s), ten tokens each; a
speech as many, or 48,000 where it is not compressed (WAV, PCM), twenty tokens each, which is how
OpenAI's models speak; an image is taken for one of 1,056 tokens, gpt-image-1's at medium quality.
"""

import math
import re
from typing import Any

import msgspec

from tollgate_llm.metering.estimates import tokens_of
from tollgate_llm.metering.openai_documents import OpenAIUsage
from tollgate_llm.metering.openai_usage import AUDIO_TOKENS_PER_SECOND, OpenAIAnswer
from tollgate_llm.metering.usage import Usage

BYTES_PER_SECOND = 16_000
PLAIN_BYTES_PER_SECOND = 48_000
SPOKEN_TOKENS_PER_SECOND = 20
IMAGE_TOKENS = 1056
LONGEST_SECONDS = 2**40
_PLAIN = ("audio/wav", "audio/x-wav", "audio/pcm", "audio/l16")
_A_FILE = re.compile(rb"(?i);\s*filename\*?=")
_AN_IMAGE = re.compile(rb'"(?:b64_json|url)"\s*:\s*"')


class _Transcript(OpenAIAnswer, frozen=True):
    """`duration` is what the verbose form says of the recording: seconds, maybe as text."""

    text: str | None = None
    duration: Any = None


class _Speech(msgspec.Struct):
    input: str = ""


_speech = msgspec.json.Decoder(_Speech).decode
_images = msgspec.json.Decoder(OpenAIAnswer).decode
_transcript = msgspec.json.Decoder(_Transcript).decode
_UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)


def read_images(body: bytes) -> Usage | None:
    try:
        return _images(body).read("image")
    except _UNREADABLE:
        return None


def read_transcript(body: bytes) -> Usage | None:
    """Return what a transcript says it used. Text and subtitles say nothing, and JSON not always;
    then the recording's duration tells, where it is there."""
    try:
        answer = _transcript(body)
    except _UNREADABLE:
        return None
    if answer.usage is not None:
        return answer.read("transcript")
    seconds = _duration(answer.duration)
    if seconds is None:
        return None
    return OpenAIAnswer(usage=OpenAIUsage(seconds=seconds), model=answer.model).read()


def _duration(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and 0 <= seconds <= LONGEST_SECONDS else None


def estimate_recording(body: bytes) -> int:
    """Return the audio tokens of a form, which is a recording but for some lines."""
    return -(-len(body) * AUDIO_TOKENS_PER_SECOND // BYTES_PER_SECOND)


def estimate_transcript(body: bytes) -> int:
    """Return the tokens of the text alone, where the answer is JSON, which may have it twice."""
    try:
        text = _transcript(body).text
    except _UNREADABLE:
        text = None
    return tokens_of(len(body) if text is None else len(text.encode()))


def estimate_pictures(body: bytes) -> int:
    """Return the tokens of the pictures in a form."""
    return IMAGE_TOKENS * len(_A_FILE.findall(body))


def estimate_images(body: bytes) -> int:
    """Return the tokens of the pictures in an answer."""
    return IMAGE_TOKENS * len(_AN_IMAGE.findall(body))


def spoken_characters(body: bytes) -> int:
    """Return how many characters a request has spoken: some models are priced by these."""
    try:
        return len(_speech(body).input)
    except _UNREADABLE:
        return 0


def estimate_speech(size: int, content_type: str) -> int:
    """Return the tokens of so many bytes of sound."""
    a_second = PLAIN_BYTES_PER_SECOND if content_type.startswith(_PLAIN) else BYTES_PER_SECOND
    return -(-size * SPOKEN_TOKENS_PER_SECOND // a_second)
