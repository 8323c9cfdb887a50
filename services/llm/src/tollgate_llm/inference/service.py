"""One accepted request: find who may answer, ask, send the answer on, close the ticket.

Nothing of the answer has gone out while another provider may still be asked; once something has,
what happens is told inside the answer (`delivery`).
"""

from collections.abc import Sequence
from typing import NamedTuple

from flask import Response

from tollgate_common import hangups
from tollgate_common.errors import TollgateError
from tollgate_common.guard import Caller
from tollgate_common.hangups import CallerGone
from tollgate_common.load import Full, Load
from tollgate_common.stream_cost import wants_stream_cost
from tollgate_common.unsupported import Unsupported
from tollgate_llm.affinity.models import Scope
from tollgate_llm.affinity.service import AffinityService, CallIds, IdKeeper
from tollgate_llm.dialects.errors import UnsupportedEndpoint
from tollgate_llm.dialects.matching import Match, matched
from tollgate_llm.inference.account import Account, Cashier
from tollgate_llm.inference.asking import Asker
from tollgate_llm.inference.bodies import Bodies, Sent
from tollgate_llm.inference.cache import AnswerCache, seconds_asked
from tollgate_llm.inference.cache_places import CachedRequest, CacheScope, Place
from tollgate_llm.inference.counting import estimated_count
from tollgate_llm.inference.deadline import deadline_of
from tollgate_llm.inference.delivery import deliver
from tollgate_llm.inference.dropped import with_dropped
from tollgate_llm.inference.exchange import Exchange
from tollgate_llm.inference.headers import Environ, dropped_headers
from tollgate_llm.inference.learned import LearnedCapabilities
from tollgate_llm.inference.peek import Asked, peek
from tollgate_llm.inference.protocols import COUNT_TOKENS, Protocol
from tollgate_llm.inference.provider_request import Capability, ProviderRequest
from tollgate_llm.inference.query import Query
from tollgate_llm.inference.stream_cost import with_stream_cost
from tollgate_llm.inference.turns import Prepare
from tollgate_llm.inference.unsupported import DROP_PARAMS, unsupported_of
from tollgate_llm.metering.usage import NOTHING
from tollgate_llm.routing.affinity_keys import affinity_key_of
from tollgate_llm.routing.health import Health, name_of
from tollgate_llm.routing.models import Candidate
from tollgate_llm.routing.order import ordered
from tollgate_llm.routing.service import Router
from tollgate_llm.settings import LlmSettings

CLIENT_CLOSED = 499
"""What nobody reads; nginx's number, for the log and the metrics."""


class Call(NamedTuple):
    """A request as it came, and what of its query string passes."""

    caller: Caller
    ticket: str | None
    request_id: str
    query: Query
    body: bytes
    environ: Environ

    @property
    def timeout(self) -> str | None:
        found = self.environ.get("HTTP_X_TOLLGATE_TIMEOUT")
        return None if found is None else str(found)

    @property
    def drop_params(self) -> str | None:
        header = self.environ.get(DROP_PARAMS)
        return None if header is None else str(header)

    @property
    def counters(self) -> tuple[str, ...]:
        """Of the limits on which the ticket has something reserved."""
        return tuple(str(self.environ.get("HTTP_X_TOLLGATE_COUNTERS", "")).split())

    @property
    def max_output(self) -> int | None:
        """The cap that the gateway wants, where the request has none."""
        found = self.environ.get("HTTP_X_TOLLGATE_MAX_OUTPUT")
        return None if found is None else int(str(found))


class InferenceService:
    def __init__(
        self,
        router: Router,
        asker: Asker,
        health: Health,
        cashier: Cashier,
        cache: AnswerCache,
        affinity: AffinityService,
        load: Load,
        learned: LearnedCapabilities,
        settings: LlmSettings,
    ) -> None:
        self._router = router
        self._asker = asker
        self._health = health
        self._cashier = cashier
        self._cache = cache
        self._affinity = affinity
        self._load = load
        self._learned = learned
        self._default_max_tokens = settings.default_max_output_tokens
        self._default_timeout = settings.request_timeout

    def run(self, protocol: Protocol, call: Call) -> Response:
        """The answer. The ticket is closed when this returns, or when a stream ends, or when this
        raises, exactly once."""
        account = Account(self._cashier, call.caller.org, call.ticket, call.counters)
        try:
            self._load.enter()
        except Full as full:
            account.close("provider_error", full.http_status, error=full.error_code)
            raise
        hangups.caller.set(call.environ.get(hangups.SOCKET))  # type: ignore[arg-type]
        try:
            return self._load.until_sent(self._closing(protocol, call, account))
        except BaseException:
            self._load.leave()
            raise

    def _closing(self, protocol: Protocol, call: Call, account: Account) -> Response:
        """Whatever is raised closes the ticket."""
        try:
            return self._run(protocol, call, account)
        except CallerGone:
            _close_unanswered(protocol, call, account)
            return Response(status=CLIENT_CLOSED)
        except TollgateError as error:
            account.close("provider_error", error.http_status, error=error.error_code)
            raise
        except BaseException:
            account.close("provider_error", 500, error="internal_error")
            raise

    def _run(self, protocol: Protocol, call: Call, account: Account) -> Response:
        tells_cost = wants_stream_cost(call.environ)
        response = self._answer(protocol, call, account)
        with_dropped(response, (*dropped_headers(call.environ), *call.query.dropped))
        return with_stream_cost(response, account) if tells_cost else response

    def _answer(self, protocol: Protocol, call: Call, account: Account) -> Response:
        asked = peek(protocol, call.body, call.environ)
        unsupported = self._unsupported(call, asked.model)
        ids = self._affinity.of_request(protocol.path, call.caller, call.body)
        keeper = self._affinity.keeper(protocol.path, call.caller, call.body, asked.store)
        scope = _cache_scope(call.caller, unsupported, keeper)
        place = self._place(protocol, call, asked.model, scope)
        if place is not None and (kept := self._cache.find(place, account)):
            return kept
        deadline = deadline_of(call.timeout, self._default_timeout)
        call_id = call.ticket or call.request_id
        sent = Sent(
            call.body, call.query.passed, call.environ, call_id, call.max_output, unsupported
        )
        cap = self._default_cap(call.caller.org, asked.model)
        bodies = Bodies(protocol, sent, asked, cap, self._learned)
        try:
            matches = ids.limited(self._matches(protocol, call, asked), asked.model)
        except UnsupportedEndpoint:
            if protocol is COUNT_TOKENS:
                return estimated_count(call.body, asked.model, account)
            raise
        request, answer = self._asker.ask(
            call.caller.org, matches, _checked(ids, bodies.prepare), account, deadline
        )
        exchange = Exchange(protocol, account, request, call.body, call.request_id, bodies, keeper)
        response = deliver(exchange, answer)
        return response if place is None else self._cache.keep(place, account, response)

    def _default_cap(self, org: str, model: str) -> int:
        """Return the output cap where a provider insists on one and the caller names none: what the
        organisation states of its model, which is also what the gateway has reserved."""
        own = self._router.own(org, model)
        return (own.max_output_tokens if own else None) or self._default_max_tokens

    def _unsupported(self, call: Call, model: str) -> Unsupported:
        """Return what holds for fields that a translation cannot say."""
        own, caller = self._router.own(call.caller.org, model), call.caller
        return unsupported_of(
            call.drop_params,
            caller.key_unsupported,
            own.unsupported if own else None,
            caller.org_unsupported,
        )

    def _place(self, protocol: Protocol, call: Call, model: str, scope: CacheScope) -> Place | None:
        """Where the answer is kept, if it is to be."""
        seconds = seconds_asked(call.environ, self._router.own(call.caller.org, model))
        if seconds is None:
            return None
        request = CachedRequest(protocol.path, call.query.passed, call.body, call.environ)
        return self._cache.place(scope, request, seconds)

    def _matches(self, protocol: Protocol, call: Call, asked: Asked) -> Sequence[Match]:
        """The routes that can be asked, the one to ask first in front."""
        caller, model = call.caller, asked.model
        candidates: Sequence[Candidate] = self._router.candidates(caller.org, caller.mode, model)
        if len(candidates) > 1:
            strategy = self._router.strategy(caller.org, model)
            candidates = ordered(
                strategy,
                candidates,
                lambda route: self._health.seconds(name_of(caller.org, route)),
                affinity_key_of(caller, call.environ, asked.prompt_cache_key, asked.metadata),
            )
        return matched(candidates, protocol, model)


def _cache_scope(caller: Caller, unsupported: Unsupported, keeper: IdKeeper | None) -> CacheScope:
    """Return who may share the answer. One that may bring ids is its project's: in another one they
    would be nobody's."""
    project = None if keeper is None else Scope.of(caller).project
    return CacheScope(caller.org, caller.mode, project, unsupported)


def _checked(ids: CallIds, prepare: Prepare) -> Prepare:
    """Return what prepares a route's request, unless that would relay another provider's id."""

    def prepared(match: Match, without: frozenset[Capability]) -> ProviderRequest:
        request = prepare(match, without)
        if request.match.translation is None:
            ids.check_relay(request.route.provider)
        return request

    return prepared


def _close_unanswered(protocol: Protocol, call: Call, account: Account) -> None:
    """The caller hung up before it had anything. If a provider was asked, it has read all of it;
    what it had made of it nobody knows, so it counts as what it was allowed to."""
    used, usage = account.attempts > 0 and not protocol.free, NOTHING
    if used:
        usage = protocol.estimated_usage(call.body, 0)
    account.close(
        "client_closed", None, error="client_closed", usage=usage, estimated=used, as_reserved=used
    )
