"""Answers on their way back through a translation."""

import json
from typing import Any

import msgspec

from tollgate_common.errors import TollgateError, dialects
from tollgate_llm.dialects.translation import StreamTranslator
from tollgate_llm.inference.errors import NoAnswer, ProviderFailed
from tollgate_llm.inference.failed_events import UNREADABLE, failure_in, failure_in_choices
from tollgate_llm.inference.non_answers import NO_REASON, NonAnswer, failure_of
from tollgate_llm.inference.protocols import Protocol
from tollgate_llm.inference.retrying import Refused, is_too_long
from tollgate_llm.inference.surrogates import Halves
from tollgate_llm.metering.events import data_of, split_events

DONE = b"data: [DONE]\n\n"
_DONE = b"[DONE]"
_UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)
_ODD = (KeyError, TypeError, ValueError, IndexError, AttributeError)


class RefusedBy(TollgateError):
    """A provider's own refusal, in words for another dialect: its status, its message, and the
    codes that OpenAI's callers look for."""

    code = "provider_refused"

    def __init__(self, provider: str, status: int, said: str, code: str | None = None) -> None:
        super().__init__(
            f"The provider `{provider}` answered {status}: {said.rstrip('.')}.", code=code
        )
        self.http_status = status


def refusal(provider: str, refused: Refused) -> TollgateError:
    status = refused.status
    code = _code(status, refused.body)
    if refused.non_answer is not None:
        return NoAnswer(provider, status, refused.non_answer.words, code)
    return RefusedBy(provider, status, _message(refused.body), code)


def _code(status: int, said: bytes) -> str | None:
    if is_too_long(status, said):
        return "context_length_exceeded"
    return "rate_limit_exceeded" if status == 429 else None


def whole(translate: Any, asked: dict[str, Any], provider: str, body: bytes) -> bytes:
    """A whole answer in the caller's dialect; `ProviderFailed` for one that cannot be read, or that
    says of itself that it has failed."""
    try:
        answered = Halves().joined(decoded(body))
        if (failure := failure_in_choices(answered)) is not None:
            raise no_answer(provider, failure)
        return msgspec.json.encode(translate(asked, answered))
    except (*_UNREADABLE, *_ODD) as error:
        raise ProviderFailed(
            provider, f"its answer cannot be understood ({type(error).__name__})"
        ) from None


def decoded(data: bytes) -> Any:
    """Decode JSON in which texts may be cut in the middle of a character; raises `ValueError` or
    `RecursionError`."""
    try:
        return msgspec.json.decode(data)
    except msgspec.DecodeError:
        return json.loads(data)


def no_answer(provider: str, failure: NonAnswer) -> NoAnswer:
    """Return a failure that came with status 200, with the codes that OpenAI's callers look for."""
    code = _code(failure.status, failure.words.encode())
    return NoAnswer(provider, failure.status, failure.words, code)


class EventTranslator:
    """Whole events of the provider's in, whole events of the caller's out. `failure` is what the
    provider says has gone wrong, or what of its stream cannot be read: nothing follows it."""

    def __init__(self, translator: StreamTranslator, caller: Protocol, provider: Protocol) -> None:
        self._translator = translator
        self._caller = caller
        self._provider = provider
        self._halves = Halves()
        self._is_done = False
        self.failure: NonAnswer | None = None

    @property
    def is_whole(self) -> bool:
        """Return whether the event has come that ends an answer of the provider's dialect."""
        return self._is_done or self._translator.is_whole

    def feed(self, block: bytes) -> bytes:
        out: list[bytes] = []
        for event in split_events(block):
            data = data_of(event).strip()
            if data == _DONE:
                self._is_done = self._provider.ends_with_done
            elif data and self.failure is None:
                out += map(self._encoded, self._translated(data))
        return b"".join(out)

    def finish(self) -> bytes:
        last = b"".join(map(self._encoded, self._translator.finish()))
        return last + DONE if self._caller.ends_with_done else last

    def _translated(self, data: bytes) -> list[dict[str, Any]]:
        try:
            event = self._decoded(data)
            self.failure = failure_in(event)
            return [] if self.failure else self._translator.feed(event)
        except (*_UNREADABLE, *_ODD):
            self.failure = UNREADABLE
            return []

    def _decoded(self, data: bytes) -> Any:
        """Most events have no half of a character, and none waits for its other half."""
        try:
            event = msgspec.json.decode(data)
        except msgspec.DecodeError:
            return self._halves.joined(json.loads(data))
        return self._halves.joined(event) if self._halves else event

    def _encoded(self, event: dict[str, Any]) -> bytes:
        data = b"data: " + msgspec.json.encode(event) + b"\n\n"
        if self._caller.ends_with_done:
            return data
        return b"event: " + str(event["type"]).encode() + b"\n" + data


def _message(body: bytes) -> str:
    """Return what a vendor's error says, at a length that fits into ours."""
    try:
        refusal = msgspec.json.decode(body)
    except _UNREADABLE:
        return NO_REASON
    if isinstance(refusal, list):
        refusal = next((each for each in refusal if isinstance(each, dict)), None)
    return failure_of(refusal).words if isinstance(refusal, dict) else NO_REASON


def error_body(error: TollgateError, protocol: Protocol, request_id: str) -> bytes:
    return dialects.render(error, protocol.dialect, request_id)
