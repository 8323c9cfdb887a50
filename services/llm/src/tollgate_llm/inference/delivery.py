"""The provider's answer on its way to the client: whole, or event by event.

The ticket is closed before the last bytes go out, so that whoever has the whole answer finds it
in the books. An answer that breaks off is booked with the usage reported so far, or else an
estimate: `estimate_input` of the request, and four bytes to a token of what the model had said.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Response

from tollgate_common.hangups import CallerGone
from tollgate_common.logging import get_logger
from tollgate_common.money import usd_text
from tollgate_common.relay import RelayFailed
from tollgate_common.responses import PassedResponse
from tollgate_common.tickets.models import Status
from tollgate_llm.inference import translating
from tollgate_llm.inference.answer_headers import CONTENT_TYPE, JSON, headers_of
from tollgate_llm.inference.errors import ProviderFailed, provider_error
from tollgate_llm.inference.exchange import Exchange
from tollgate_llm.inference.failed_events import UNFINISHED
from tollgate_llm.inference.last_words import last_words
from tollgate_llm.inference.non_answers import NO_ANSWER, NonAnswer
from tollgate_llm.inference.passing import SoundBody
from tollgate_llm.inference.receiving import EVENT_STREAM, Answer, WholeAnswer, is_stream
from tollgate_llm.inference.retrying import Refused
from tollgate_llm.inference.translating import EventTranslator
from tollgate_llm.metering.events import Grammar
from tollgate_llm.metering.meter import Meter
from tollgate_llm.metering.usage import NOTHING, Usage

ERROR_EVENT = "error_event"
FIRST_ERROR = 400

log = get_logger(__name__)


def deliver(exchange: Exchange, answer: Answer | Refused) -> Response:
    headers = headers_of(exchange, answer)
    if isinstance(answer, Refused):
        whole, cost = _settled_refusal(exchange, answer)
        return _finished(exchange, answer.status, whole, cost, headers)
    protocol = exchange.request.protocol
    if protocol.grammar is not None and is_stream(protocol, answer):
        if exchange.translation is not None:
            headers.append(("content-type", f"{EVENT_STREAM}; charset=utf-8"))
        body = StreamBody(exchange, answer, protocol.grammar)
        return PassedResponse(body, answer.status, headers)
    if protocol.sound:
        return PassedResponse(SoundBody(exchange, answer), answer.status, headers)
    assert isinstance(answer, WholeAnswer)
    whole, cost = _settled(exchange, answer)
    return _finished(exchange, answer.status, whole, cost, headers)


def _finished(
    exchange: Exchange, status: int, whole: bytes, cost: int, headers: list[tuple[str, str]]
) -> Response:
    if exchange.translation is not None:
        headers.append((CONTENT_TYPE, JSON))
    headers.append(("x-tollgate-cost-usd", usd_text(cost)))
    return PassedResponse([whole], status, [*headers, ("content-length", str(len(whole)))])


def _settled(exchange: Exchange, answer: WholeAnswer) -> tuple[bytes, int]:
    """The answer for the caller, and what it cost: the ticket is closed with it."""
    translation, name, body = exchange.translation, exchange.route.provider.name, answer.body
    if answer.broken is not None:
        raise _broken_off(exchange, body, answer.broken)
    if translation is None:
        exchange.keep_ids(body)
        return body, _close_whole(exchange, body, answer.usage)
    try:
        whole = translating.whole(translation.answer, exchange.bodies.decoded(), name, body)
    except ProviderFailed as failed:
        _close_unreadable(exchange, answer, failed)
        raise
    return whole, _close_whole(exchange, body, answer.usage)


def _settled_refusal(exchange: Exchange, refused: Refused) -> tuple[bytes, int]:
    """The refusal for the caller: as it came where it is in the caller's own words."""
    non_answer, status, account = refused.non_answer, refused.status, exchange.account
    shape = non_answer.shape if non_answer else exchange.protocol.dialect
    whole = refused.body
    if exchange.translation is not None or shape != exchange.protocol.dialect:
        said = translating.refusal(exchange.route.provider.name, refused)
        whole = translating.error_body(said, exchange.protocol, exchange.request_id)
    if non_answer is not None:
        return whole, account.close("provider_error", status, error=NO_ANSWER)
    if status >= FIRST_ERROR:
        return whole, account.close("provider_error", status, error=f"http_{status}")
    exchange.keep_ids(refused.body)
    usage_read = exchange.request.protocol.read(refused.body)
    return whole, _close_whole(exchange, refused.body, usage_read, status)


def _close_unreadable(exchange: Exchange, answer: WholeAnswer, failed: ProviderFailed) -> None:
    """It was answered, so it was used: by its own number if that much can be read."""
    protocol = exchange.request.protocol
    booked = answer.usage or _estimated(exchange, protocol.estimated_output(answer.body))
    exchange.account.close(
        "provider_error",
        failed.http_status,
        usage=booked,
        estimated=answer.usage is None,
        error=failed.error_code,
    )


def _broken_off(exchange: Exchange, body: bytes, broken: RelayFailed) -> ProviderFailed:
    """Return the error for the caller; the part of the answer that came is booked."""
    error: ProviderFailed = provider_error(exchange.route.provider.name, broken.reason, sent=True)
    usage = _estimated(exchange, exchange.request.protocol.estimated_output(body))
    exchange.account.close(
        "provider_error", error.http_status, usage=usage, estimated=True, error=error.error_code
    )
    return error


def _close_whole(exchange: Exchange, body: bytes, usage: Usage | None, status: int = 200) -> int:
    if usage is not None:
        return exchange.account.close("ok", status, usage=usage)
    usage = _estimated(exchange, exchange.request.protocol.estimated_output(body))
    return exchange.account.close("ok", status, usage=usage, estimated=True)


def _estimated(exchange: Exchange, output_tokens: int) -> Usage:
    if exchange.request.protocol.free:
        return NOTHING
    return exchange.protocol.estimated_usage(exchange.sent, output_tokens)


class StreamBody:
    """The body of a streamed answer, as the server wants it: an iterable with a `close` that is
    called however the response ends. Closed before its end, the client has hung up: the provider
    is hung up on as well."""

    def __init__(self, exchange: Exchange, answer: Answer, grammar: Grammar) -> None:
        self._exchange = exchange
        self._answer = answer
        translation = exchange.translation
        hide = exchange.bodies.hides_usage and translation is None
        self._meter = Meter(grammar, hide)
        self._translator: EventTranslator | None = None
        if translation is not None:
            translator = translation.stream(exchange.bodies.decoded())
            protocol = exchange.request.protocol
            self._translator = EventTranslator(translator, exchange.protocol, protocol)

    def __iter__(self) -> Iterator[bytes]:
        return self._relayed() if self._translator is None else self._translated(self._translator)

    def _translated(self, translator: EventTranslator) -> Iterator[bytes]:
        """Yield the answer in the caller's dialect. A failure in the provider's stream ends it with
        the caller's event for an error, and so does a stream that ends before its answer does."""
        meter = self._meter
        try:
            with self._closed_on_a_bug():
                for data in self._answer:
                    if out := translator.feed(meter.feed(data)):
                        yield out
                    if translator.failure is not None:
                        break
                if out := translator.feed(meter.finish()):
                    yield out
        except RelayFailed as broken:
            if not translator.is_whole:
                yield self._broken_off(broken)
                return
        failure = translator.failure or (None if translator.is_whole else UNFINISHED)
        if failure is not None:
            yield self._told_to_fail(failure)
            return
        self._close("ok", 200)
        yield translator.finish()

    def _relayed(self) -> Iterator[bytes]:
        meter, ended = self._meter, False
        try:
            with self._closed_on_a_bug():
                for data in self._answer:
                    passed = meter.feed(data)
                    if meter.over and not ended:
                        ended = True
                        self._finish()
                    if passed:
                        self._exchange.keep_event_ids(passed)
                        yield passed
        except RelayFailed as broken:
            if not ended:
                yield self._broken_off(broken)
            return
        rest = meter.finish()
        if not ended:
            self._finish()
        if rest:
            self._exchange.keep_event_ids(rest)
            yield rest

    @contextmanager
    def _closed_on_a_bug(self) -> Iterator[None]:
        """Close the ticket where an error of our own breaks the answer off. A provider that breaks
        off and a caller that is gone have endings of their own."""
        try:
            yield
        except (RelayFailed, CallerGone):
            raise
        except Exception:
            self._close("provider_error", 200, error="internal_error")
            raise

    def close(self) -> None:
        self._answer.close()
        if not self._exchange.account.closed:
            self._close("client_closed", 200, error="client_closed")

    def _finish(self) -> None:
        if self._meter.failed:
            self._close("provider_error", 200, error=ERROR_EVENT)
        else:
            self._close("ok", 200)

    def _told_to_fail(self, failure: NonAnswer) -> bytes:
        error = translating.no_answer(self._exchange.route.provider.name, failure)
        self._close("provider_error", 200, error=ERROR_EVENT)
        return last_words(error, self._exchange.protocol, self._exchange.request_id)

    def _broken_off(self, broken: RelayFailed) -> bytes:
        name = self._exchange.route.provider.name
        error: ProviderFailed = provider_error(name, broken.reason, sent=True)
        log.warning("stream_broken_off", provider=name, reason=broken.reason)
        self._close("provider_error", 200, error=error.error_code)
        return last_words(error, self._exchange.protocol, self._exchange.request_id)

    def _close(self, status: Status, http_status: int, error: str | None = None) -> None:
        meter = self._meter
        usage = meter.usage
        complete = meter.final and usage is not None
        if not complete:
            usage = self._completed(usage)
        assert usage is not None
        self._exchange.account.close(
            status, http_status, usage=usage, estimated=not complete, error=error
        )

    def _completed(self, usage: Usage | None) -> Usage:
        """What was reported so far, and an estimate for the rest."""
        said = self._meter.estimated_output()
        if usage is None:
            return _estimated(self._exchange, said)
        return usage.with_output_of_at_least(said)
