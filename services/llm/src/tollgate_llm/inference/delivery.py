"""The provider's answer on its way to the client: whole, or event by event.

The ticket is closed before the last bytes go out, so that whoever has the whole answer finds it
in the books. An answer that breaks off is booked with the usage reported so far, or else an
estimate: `estimate_input` of the request, and four bytes to a token of what the model had said.
"""

from collections.abc import Iterator
from typing import NamedTuple

from flask import Response

from tollgate_common.logging import get_logger
from tollgate_common.money import usd_text
from tollgate_common.relay import RelayAnswer, RelayFailed
from tollgate_common.tickets.models import Status
from tollgate_llm.inference.account import Account
from tollgate_llm.inference.errors import ProviderFailed, provider_error
from tollgate_llm.inference.headers import to_client
from tollgate_llm.inference.last_words import last_words
from tollgate_llm.inference.protocols import Protocol
from tollgate_llm.metering.events import Grammar
from tollgate_llm.metering.meter import Meter
from tollgate_llm.metering.usage import Usage, estimate_input
from tollgate_llm.routing.models import Candidate

EVENT_STREAM = "text/event-stream"
LARGEST_ANSWER = 256 * 1024 * 1024

log = get_logger(__name__)


class Exchange(NamedTuple):
    """A request that has been asked of a provider. `sent` is the client's body; `hide_usage` says
    that only we have asked the stream to report usage."""

    protocol: Protocol
    account: Account
    route: Candidate
    sent: bytes
    request_id: str
    hide_usage: bool


def deliver(exchange: Exchange, answer: RelayAnswer) -> Response:
    headers = to_client(answer.headers)
    headers += [
        ("x-tollgate-model", _header_text(exchange.route.model)),
        ("x-tollgate-provider", exchange.route.provider.name),
        ("x-tollgate-attempts", str(exchange.account.attempts)),
    ]
    grammar = exchange.protocol.grammar
    is_stream = (answer.header("content-type") or "").lower().startswith(EVENT_STREAM)
    if grammar is not None and is_stream and answer.status == 200:
        body = StreamBody(exchange, answer, grammar)
        return _response(body, answer.status, headers)
    whole = _read_whole(exchange, answer)
    cost = _close_whole(exchange, answer.status, whole)
    headers.append(("x-tollgate-cost-usd", usd_text(cost)))
    return _response([whole], answer.status, [*headers, ("content-length", str(len(whole)))])


def _response(
    body: "list[bytes] | StreamBody", status: int, headers: list[tuple[str, str]]
) -> Response:
    response = Response(body, status=status, direct_passthrough=True)
    response.headers.clear()
    response.headers.extend(headers)
    return response


def _read_whole(exchange: Exchange, answer: RelayAnswer) -> bytes:
    parts: list[bytes] = []
    size = 0
    try:
        for part in answer:
            parts.append(part)
            size += len(part)
            if size > LARGEST_ANSWER:
                raise RelayFailed("the answer is too large", sent=True)
    except RelayFailed as broken:
        error = provider_error(exchange.route.provider.name, broken.reason, sent=True)
        if answer.status == 200:
            usage = _estimated(exchange, exchange.protocol.estimated_output(b"".join(parts)))
            exchange.account.close(
                "provider_error", error.http_status, usage=usage, estimated=True,
                error=error.error_code,
            )  # fmt: skip
        raise error from None
    finally:
        answer.close()
    return b"".join(parts)


def _close_whole(exchange: Exchange, status: int, body: bytes) -> int:
    if status >= 400:
        return exchange.account.close("provider_error", status, error=f"http_{status}")
    usage = exchange.protocol.read(body)
    if usage is not None:
        return exchange.account.close("ok", status, usage=usage)
    usage = _estimated(exchange, exchange.protocol.estimated_output(body))
    return exchange.account.close("ok", status, usage=usage, estimated=True)


def _estimated(exchange: Exchange, output_tokens: int) -> Usage:
    if exchange.protocol.free:
        return Usage(input_tokens=0, output_tokens=0)
    return Usage(input_tokens=estimate_input(exchange.sent), output_tokens=output_tokens)


def _header_text(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode()


class StreamBody:
    """The body of a streamed answer, as the server wants it: an iterable with a `close` that is
    called however the response ends. Closed before its end, the client has hung up: the provider
    is hung up on as well."""

    def __init__(self, exchange: Exchange, answer: RelayAnswer, grammar: Grammar) -> None:
        self._exchange = exchange
        self._answer = answer
        self._meter = Meter(grammar, exchange.hide_usage)

    def __iter__(self) -> Iterator[bytes]:
        meter, ended = self._meter, False
        try:
            for data in self._answer:
                passed = meter.feed(data)
                if meter.over and not ended:
                    ended = True
                    self._finish()
                if passed:
                    yield passed
        except RelayFailed as broken:
            if not ended:
                yield self._broken_off(broken)
            return
        except Exception:
            self._close("provider_error", 200, error="internal_error")
            raise
        rest = meter.finish()
        if not ended:
            self._finish()
        if rest:
            yield rest

    def close(self) -> None:
        self._answer.close()
        if not self._exchange.account.closed:
            self._close("client_closed", 200, error="client_closed")

    def _finish(self) -> None:
        if self._meter.failed:
            self._close("provider_error", 200, error="error_event")
        else:
            self._close("ok", 200)

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
        return Usage(
            input_tokens=usage.input_tokens,
            output_tokens=max(usage.output_tokens, said),
            cached_input_tokens=usage.cached_input_tokens,
            cache_write_tokens=usage.cache_write_tokens,
            reasoning_tokens=usage.reasoning_tokens,
        )
