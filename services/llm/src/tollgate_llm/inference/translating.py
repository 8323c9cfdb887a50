"""Answers on their way back through a translation."""

from typing import Any

import msgspec

from tollgate_common.errors import TollgateError, dialects
from tollgate_llm.dialects.translation import StreamTranslator
from tollgate_llm.inference.errors import NoAnswer, ProviderFailed
from tollgate_llm.inference.protocols import Protocol
from tollgate_llm.inference.retrying import Refused, is_too_long
from tollgate_llm.metering.events import data_of, split_events

DONE = b"data: [DONE]\n\n"
_UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)
_ODD = (KeyError, TypeError, ValueError, IndexError, AttributeError)


class RefusedBy(TollgateError):
    """A provider's own refusal, in words for another dialect: its status, its message, and the
    codes that OpenAI's callers look for."""

    code = "provider_refused"

    def __init__(self, provider: str, status: int, said: str, code: str | None = None) -> None:
        super().__init__(f"The provider `{provider}` answered {status}: {said}", code=code)
        self.http_status = status


def refusal(provider: str, refused: Refused) -> TollgateError:
    status = refused.status
    code = "rate_limit_exceeded" if status == 429 else None
    if is_too_long(status, refused.body):
        code = "context_length_exceeded"
    if refused.non_answer is not None:
        return NoAnswer(provider, status, refused.non_answer.words, code)
    return RefusedBy(provider, status, _message(refused.body), code)


def whole(translate: Any, asked: dict[str, Any], provider: str, body: bytes) -> bytes:
    """A whole answer in the caller's dialect; `ProviderFailed` for one that cannot be read."""
    try:
        return msgspec.json.encode(translate(asked, msgspec.json.decode(body)))
    except (*_UNREADABLE, *_ODD) as error:
        raise ProviderFailed(
            provider, f"its answer cannot be understood ({type(error).__name__})"
        ) from None


class EventTranslator:
    """Whole events of the provider's in, whole events of the caller's out."""

    def __init__(self, translator: StreamTranslator, caller: Protocol) -> None:
        self._translator = translator
        self._caller = caller

    def feed(self, block: bytes) -> bytes:
        out: list[bytes] = []
        for event in split_events(block):
            try:
                decoded = msgspec.json.decode(data_of(event))
            except _UNREADABLE:
                continue  # comments, pings, [DONE]
            if isinstance(decoded, dict):
                out += map(self._encoded, self._translator.feed(decoded))
        return b"".join(out)

    def finish(self) -> bytes:
        last = b"".join(map(self._encoded, self._translator.finish()))
        return last + DONE if self._caller.ends_with_done else last

    def _encoded(self, event: dict[str, Any]) -> bytes:
        data = b"data: " + msgspec.json.encode(event) + b"\n\n"
        if self._caller.ends_with_done:
            return data
        return b"event: " + str(event["type"]).encode() + b"\n" + data


def _message(body: bytes) -> str:
    """What either vendor's error says, at a length that fits into ours."""
    try:
        decoded = msgspec.json.decode(body)
    except _UNREADABLE:
        return "no reason given."
    if not isinstance(decoded, dict):
        return "no reason given."
    error = decoded.get("error") or decoded.get("message")  # AWS has nothing around it
    said = error.get("message") if isinstance(error, dict) else error
    return str(said)[:1000] if said else "no reason given."


def error_body(error: TollgateError, protocol: Protocol, request_id: str) -> bytes:
    return dialects.render(error, protocol.dialect, request_id)
