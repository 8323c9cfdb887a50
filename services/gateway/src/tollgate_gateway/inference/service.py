"""One inference call, from the caller's bytes to the answer's."""

import time
from functools import partial

from flask import Request, Response

from tollgate_common import hangups
from tollgate_common.errors import Forbidden, dialects
from tollgate_common.load import Load
from tollgate_common.principal import Principal
from tollgate_common.request_ids import RequestIds
from tollgate_common.stream_cost import wants_stream_cost
from tollgate_gateway.bodies import body_of
from tollgate_gateway.hops import forward_headers, target
from tollgate_gateway.idempotency.places import VARIABLE
from tollgate_gateway.idempotency.service import IdempotencyService
from tollgate_gateway.inference.errors import ModelNotAllowed
from tollgate_gateway.inference.relay import Outgoing, Relay
from tollgate_gateway.inference.tags import HEADER as TAGS
from tollgate_gateway.inference.tags import parse_tags
from tollgate_gateway.parsed_requests.parsed_request import ParsedRequest
from tollgate_gateway.parsed_requests.readers import READERS
from tollgate_gateway.principals.service import PrincipalService, require_scope
from tollgate_gateway.refusals.service import RefusalService
from tollgate_gateway.tickets.headers import rate_limit_headers
from tollgate_gateway.tickets.service import Asked, TicketOffice

SCOPE = "inference"
TICKET, COUNTERS = "X-Tollgate-Ticket", "X-Tollgate-Counters"
MAX_OUTPUT = "X-Tollgate-Max-Output"


class InferenceService:
    def __init__(
        self,
        principals: PrincipalService,
        office: TicketOffice,
        relay: Relay,
        load: Load,
        idempotency: IdempotencyService,
        refusals: RefusalService,
    ) -> None:
        self._principals = principals
        self._office = office
        self._relay = relay
        self._load = load
        self._idempotency = idempotency
        self._refusals = refusals

    def run(self, request: Request, ids: RequestIds) -> Response:
        """The answer, or `Full` at once."""
        self._load.enter()
        hangups.caller.set(request.environ.get(hangups.SOCKET))
        try:
            response = self._run(request, ids)
        except BaseException:
            self._load.leave()
            raise
        return self._load.until_sent(response)

    def _run(self, request: Request, ids: RequestIds) -> Response:
        """Authenticate, check, and ask, unless the request has been answered before. What is
        refused once its caller is known is counted."""
        started = time.perf_counter()
        principal = self._principals.authenticate(request.headers, request.remote_addr)
        asked: ParsedRequest | None = None
        try:
            require_scope(principal, SCOPE)
            wants_stream_cost(request.environ)  # refuses a value that it does not know
            body = body_of(request)
            asked = READERS[str(request.url_rule)](body, request.content_type)
            if not principal.may_use(asked.model):
                raise ModelNotAllowed(asked.model)
            ask = partial(self._ask, request, ids, principal, asked, body, started)
            if VARIABLE not in request.environ:
                return ask()
            return self._idempotency.once(request, ids.own, principal, body, ask)
        except Exception as error:
            self._refusals.note(principal, asked.model if asked else None, error)
            if isinstance(error, Forbidden):
                self._principals.note_refusal(principal, SCOPE, error)
            raise

    def _ask(
        self,
        request: Request,
        ids: RequestIds,
        principal: Principal,
        asked: ParsedRequest,
        body: bytes,
        started: float,
    ) -> Response:
        """Open a ticket, relay. Errors are raised before the ticket opens; from then on the ticket
        is closed whatever happens."""
        headers = forward_headers(request, principal.assertion, ids)
        opened = self._office.open(principal, _asked(request, ids, asked, body))
        headers[TICKET] = opened.ticket.id
        if counters := opened.hold.counters():
            headers[COUNTERS] = " ".join(counters)
        if opened.max_output is not None:
            headers[MAX_OUTPUT] = str(opened.max_output)
        own = rate_limit_headers(opened.limits)
        own_ms = (time.perf_counter() - started) * 1000
        response = self._relay.forward(opened, Outgoing(target(request), body, headers), own)
        response.headers.add("server-timing", f"gateway;dur={own_ms:.3f}")
        return response


def _asked(request: Request, ids: RequestIds, found: ParsedRequest, body: bytes) -> Asked:
    return Asked(
        ids=ids,
        endpoint=request.path,
        dialect=dialects.dialect_of(request.path, None),
        parsed=found,
        body=body,
        tags=parse_tags(request.headers.get(TAGS)),
    )
