"""What images and sound use, as OpenAI reports it, and the estimates where it does not.

Reported: an answer's `usage` in tokens; whisper-1 reports seconds instead, which count as audio
tokens of 100 ms (and cost what OpenAI charges for them), flagged as estimated.
Not reported: a recording is taken to have 16,000 bytes a second (128 kbit/s), ten tokens each; a
speech as many, or 48,000 where it is not compressed (WAV, PCM), twenty tokens each, which is how
OpenAI's models speak; an image is taken for one of 1,056 tokens, gpt-image-1's at medium quality.
What has no price by tokens (tts-1, by the character) is booked with these tokens, and no cost.
"""

import re
from typing import Annotated

import msgspec

from tollgate_llm.metering.usage import AUDIO_TOKENS_PER_SECOND, OpenAIUsage, Usage, tokens_of

BYTES_PER_SECOND = 16_000
PLAIN_BYTES_PER_SECOND = 48_000
SPOKEN_TOKENS_PER_SECOND = 20
IMAGE_TOKENS = 1056
_PLAIN = ("audio/wav", "audio/x-wav", "audio/pcm", "audio/l16")
_A_FILE = re.compile(rb"(?i);\s*filename\*?=")
_AN_IMAGE = re.compile(rb'"(?:b64_json|url)"\s*:\s*"')


class ImageUsage(OpenAIUsage, frozen=True):
    """What is made is the image, unless it is said to be otherwise."""

    def normal(self) -> Usage | None:
        usage = super().normal()
        if usage is None or self.output_tokens_details is not None:
            return usage
        return msgspec.structs.replace(usage, output_image_tokens=usage.output_tokens)


class SpeechUsage(OpenAIUsage, frozen=True):
    def normal(self) -> Usage | None:
        usage = super().normal()
        if usage is None or self.output_tokens_details is not None:
            return usage
        return msgspec.structs.replace(usage, output_audio_tokens=usage.output_tokens)


class RecordingUsage(OpenAIUsage, frozen=True):
    """What is heard is sound, unless it is said to be otherwise."""

    seconds: Annotated[float, msgspec.Meta(ge=0, le=2**40)] | None = None

    def normal(self) -> Usage | None:
        usage = super().normal()
        if usage is None:
            return self._of_seconds()
        if self.input_token_details is not None:
            return usage
        return msgspec.structs.replace(usage, input_audio_tokens=usage.input_tokens)

    def _of_seconds(self) -> Usage | None:
        if self.seconds is None:
            return None
        heard = -int(-self.seconds * AUDIO_TOKENS_PER_SECOND // 1)
        return Usage(input_tokens=heard, output_tokens=0, input_audio_tokens=heard, estimated=True)


class _Images(msgspec.Struct):
    usage: ImageUsage | None = None


class _Transcript(msgspec.Struct):
    text: str | None = None
    usage: RecordingUsage | None = None


_images = msgspec.json.Decoder(_Images).decode
_transcript = msgspec.json.Decoder(_Transcript).decode
_UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)


def read_images(body: bytes) -> Usage | None:
    try:
        usage = _images(body).usage
    except _UNREADABLE:
        return None
    return usage.normal() if usage else None


def read_transcript(body: bytes) -> Usage | None:
    """Text and subtitles say nothing of usage, and JSON not always."""
    try:
        found = _transcript(body)
    except _UNREADABLE:
        return None
    usage = found.usage.normal() if found.usage else None
    if usage is None or not usage.estimated:
        return usage
    return msgspec.structs.replace(usage, output_tokens=estimate_transcript(body))


def estimate_recording(body: bytes) -> int:
    """Of a form, which is a recording but for some lines."""
    return -(-len(body) * AUDIO_TOKENS_PER_SECOND // BYTES_PER_SECOND)


def estimate_transcript(body: bytes) -> int:
    """The text alone, where the answer is JSON, which may have it twice."""
    try:
        text = _transcript(body).text
    except _UNREADABLE:
        text = None
    return tokens_of(len(body) if text is None else len(text.encode()))


def estimate_pictures(body: bytes) -> int:
    """Of a form: each of the pictures in it."""
    return IMAGE_TOKENS * len(_A_FILE.findall(body))


def estimate_images(body: bytes) -> int:
    return IMAGE_TOKENS * len(_AN_IMAGE.findall(body))


def estimate_speech(size: int, content_type: str) -> int:
    """Of so many bytes of sound."""
    a_second = PLAIN_BYTES_PER_SECOND if content_type.startswith(_PLAIN) else BYTES_PER_SECOND
    return -(-size * SPOKEN_TOKENS_PER_SECOND // a_second)
