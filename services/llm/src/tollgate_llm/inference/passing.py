"""Sound on its way to the client, as it arrives: bytes that nobody here reads.

The last byte waits until the provider has ended the answer and the ticket is closed, so that
whoever has the whole of it finds it in the books. No usage comes with it: what is booked is an
estimate, of the request's text and of the sound that has passed (see `metering.media`).
"""

from collections.abc import Iterator
from typing import Protocol

from tollgate_common.logging import get_logger
from tollgate_common.relay import RelayFailed
from tollgate_common.tickets.models import Status
from tollgate_llm.inference.account import Account
from tollgate_llm.inference.errors import provider_error
from tollgate_llm.inference.receiving import Answer
from tollgate_llm.metering.estimates import estimate_input
from tollgate_llm.metering.media import estimate_speech, spoken_characters
from tollgate_llm.metering.usage import usage_of
from tollgate_llm.routing.models import Candidate

log = get_logger(__name__)


class Answered(Protocol):
    """What is needed of an exchange."""

    @property
    def account(self) -> Account: ...
    @property
    def route(self) -> Candidate: ...
    @property
    def sent(self) -> bytes: ...


class SoundBody:
    """The body as the server wants it: an iterable with a `close` that is called however the
    response ends. An answer that breaks off breaks off for the client too: its connection."""

    def __init__(self, exchange: Answered, answer: Answer) -> None:
        self._exchange = exchange
        self._answer = answer
        self._kind = (answer.header("content-type") or "").lower()
        self._size = 0

    def __iter__(self) -> Iterator[bytes]:
        last = b""
        try:
            for data in self._answer:
                self._size += len(data)
                ready, last = last + data[:-1], data[-1:]
                if ready:
                    yield ready
        except RelayFailed as broken:
            name = self._exchange.route.provider.name
            error = provider_error(name, broken.reason, sent=True)
            log.warning("stream_broken_off", provider=name, reason=broken.reason)
            self._close("provider_error", error.error_code)
            raise error from None
        self._close("ok")
        yield last

    def close(self) -> None:
        self._answer.close()
        self._close("client_closed", "client_closed")

    def _close(self, status: Status, error: str | None = None) -> None:
        if self._exchange.account.closed:
            return
        usage = usage_of(
            input=estimate_input(self._exchange.sent),
            audio_output=estimate_speech(self._size, self._kind),
            characters=spoken_characters(self._exchange.sent),
        )
        self._exchange.account.close(status, 200, usage=usage, estimated=True, error=error)
