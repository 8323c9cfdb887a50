"""Which failures are worth another attempt, where, and when.

Another attempt is made before anything has gone to the caller, never after. Where the model has
another route, that is tried at once; the last one is tried again itself, after a pause with full
jitter, or the one that the provider asks for, as long as the caller's deadline leaves time.
"""

import email.utils
import math
import random
import time
from typing import Protocol

from tollgate_common.relay import RelayFailed
from tollgate_llm.inference.non_answers import NonAnswer
from tollgate_llm.inference.unpacking import Received
from tollgate_llm.metering.usage import Usage

RETRIED = frozenset({408, 409, 429, *range(500, 600)})
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 8.0
LARGEST_REFUSAL = 64 * 1024
TOO_LONG = (
    b"context_length_exceeded",  # OpenAI, OpenRouter
    b"maximum context length",  # OpenAI, DeepSeek, vLLM
    b"exceeds the context window",  # OpenAI's responses
    b"prompt is too long",  # Anthropic
    b"exceed context limit",  # Anthropic: input and `max_tokens` together
    b"exceed_context_size_error",  # llama.cpp
    b"exceeds the available context size",  # llama.cpp
    b"exceeds the maximum number of tokens",  # Gemini
    b"maximum model length",  # vLLM
    b"input is too long",  # Bedrock
    b"too many tokens",  # Cohere
    b"reduce the length of the messages",  # Groq
    b"too large for model with",  # Mistral
    b"model's context",  # Together
)


class Refused:
    """A provider's answer other than 200, read whole: the caller gets it when there is no other.
    It can be delivered as a `RelayAnswer` is.

    What came with 200 and is no answer is refused as well, with the status of its `non_answer`;
    `usage` is what it reports all the same.
    """

    def __init__(
        self,
        status: int,
        headers: list[tuple[str, str]],
        body: bytes,
        non_answer: NonAnswer | None = None,
        usage: Usage | None = None,
    ) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.non_answer = non_answer
        self.usage = usage

    @classmethod
    def of(cls, answer: Received) -> "Refused":
        """Return a provider's own refusal; `RelayFailed` when it breaks off."""
        return cls(answer.status, answer.headers, _read(answer))

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name), None)

    def __iter__(self) -> "Chunks":
        return iter((self.body,))

    def close(self) -> None:
        """There is nothing to close."""

    @property
    def worth_retrying(self) -> bool:
        """Whether the same provider may answer the same request a moment later."""
        return self.status in RETRIED

    @property
    def worth_another_route(self) -> bool:
        return self.worth_retrying or is_too_long(self.status, self.body)

    @property
    def pause(self) -> float | None:
        """The seconds that the provider asks to wait."""
        return _seconds(self.header("retry-after-ms"), self.header("retry-after"))


class Chunks(Protocol):
    def __next__(self) -> bytes: ...
    def __iter__(self) -> "Chunks": ...


def is_too_long(status: int, body: bytes) -> bool:
    """Whether the conversation does not fit into this model, and may into another."""
    return status in (400, 413, 422) and any(words in body.lower() for words in TOO_LONG)


def backoff(attempt: int) -> float:
    """Seconds before attempt number `attempt` + 1: any time up to twice that of the one before."""
    return random.uniform(0, min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt))  # noqa: S311


def _read(answer: Received) -> bytes:
    parts, size = [], 0
    try:
        for part in answer:
            parts.append(part)
            size += len(part)
            if size > LARGEST_REFUSAL:
                raise RelayFailed("its error is too long", sent=True)
    finally:
        answer.close()
    return b"".join(parts)


def _seconds(milliseconds: str | None, seconds: str | None) -> float | None:
    """`Retry-After` is a number or a date; vendors also send milliseconds."""
    if milliseconds is not None and (number := _number(milliseconds)) is not None:
        return number / 1000
    if seconds is None:
        return None
    return _number(seconds) if _number(seconds) is not None else _until(seconds)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return max(0.0, number) if math.isfinite(number) else None


def _until(text: str) -> float | None:
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None
