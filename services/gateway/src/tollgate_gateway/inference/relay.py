"""The hop to llm: the same bytes there and back, and what to do when it breaks."""

from collections.abc import Iterator
from typing import NamedTuple

from flask import Response

from tollgate_common.errors import DependencyDown, dialects
from tollgate_common.hangups import CallerGone
from tollgate_common.logging import get_logger
from tollgate_common.metrics import dependency_failures
from tollgate_common.relay import RelayAnswer, RelayClient, RelayFailed
from tollgate_common.responses import PassedResponse
from tollgate_common.tickets import Attribution
from tollgate_gateway.hops import whole_answer_headers
from tollgate_gateway.tickets.service import Open, TicketOffice

CLIENT_CLOSED = 499
"""What nobody reads; nginx's number, for the log and the metrics."""

log = get_logger(__name__)


class Outgoing(NamedTuple):
    """A request on its way to llm."""

    path: str
    body: bytes
    headers: dict[str, str]


class Relay:
    """Sends an accepted request to llm and its answer back. llm closes the ticket, also when the
    caller hangs up: it notices that the gateway has. When llm breaks, the gateway closes it: before
    the request was sent nothing was used, later it is lost."""

    def __init__(self, llm: RelayClient, office: TicketOffice) -> None:
        self._llm = llm
        self._office = office

    def forward(self, opened: Open, outgoing: Outgoing, own: list[tuple[str, str]]) -> Response:
        """llm's answer with headers of our own."""
        try:
            answer = self._llm.send("POST", outgoing.path, outgoing.body, outgoing.headers)
        except CallerGone:
            return Response(status=CLIENT_CLOSED)
        except RelayFailed as failure:
            self._broken(opened, failure)
            raise DependencyDown("llm") from None
        headers = whole_answer_headers(answer.headers, own)
        return PassedResponse(self._body(answer, opened), answer.status, headers)

    def _body(self, answer: RelayAnswer, opened: Open) -> Iterator[bytes]:
        try:
            yield from answer
        except RelayFailed as failure:
            self._broken(opened, failure)
            if not opened.ticket.stream:
                raise
            yield _last_words(opened.ticket)
        finally:
            answer.close()

    def _broken(self, opened: Open, failure: RelayFailed) -> None:
        dependency_failures.labels("llm").inc()
        log.warning("llm_connection_broken", ticket=opened.ticket.id, reason=failure.reason)
        self._office.abandon(opened, "llm_unavailable", used=failure.sent)


def _last_words(ticket: Attribution) -> bytes:
    """The error event that ends a broken stream, so that no client takes it for a whole one."""
    dialect = dialects.dialect_of(ticket.endpoint, None)
    body = dialects.render(DependencyDown("llm"), dialect, ticket.request_id)
    event = b"event: error\n" if dialect == "anthropic" else b""
    return b"\n\n" + event + b"data: " + body + b"\n\n"
