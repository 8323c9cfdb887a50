"""Asking providers until one answers: in the order of the model's strategy, past those in trouble,
again where that may help, until the caller's deadline. Nothing has gone to the caller yet.
"""

import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tollgate_common import hangups
from tollgate_common.errors import BadRequest
from tollgate_common.hangups import CallerGone
from tollgate_common.logging import get_logger
from tollgate_common.metrics import labelled, provider_requests, provider_seconds
from tollgate_common.relay import RelayFailed
from tollgate_llm.dialects.matching import Match
from tollgate_llm.inference.account import Account
from tollgate_llm.inference.chat_refusals import NO_ROUTE, OVER_RESPONSES
from tollgate_llm.inference.deadline import Deadline
from tollgate_llm.inference.errors import ProviderDown, ProviderFailed, provider_error
from tollgate_llm.inference.labels import metric_name, metric_status
from tollgate_llm.inference.learned import LearnedCapabilities, lacking
from tollgate_llm.inference.non_answers import NO_ANSWER
from tollgate_llm.inference.provider_request import Capability, ProviderRequest
from tollgate_llm.inference.receiving import Answer, received
from tollgate_llm.inference.retrying import LONGEST_PAUSE, Refused, backoff
from tollgate_llm.inference.turns import Prepare, Turns
from tollgate_llm.inference.unpacking import unpacked
from tollgate_llm.providers.upstreams import Upstreams
from tollgate_llm.routing.health import Health, name_of

RETRIES = 2
TIMED_OUT = "timed out"

log = get_logger(__name__)


class Answered(NamedTuple):
    """What the caller gets: a provider's answer, or its refusal when there was nothing better."""

    request: ProviderRequest
    answer: Answer | Refused


class Failure(NamedTuple):
    """An attempt that brought no usable answer."""

    refused: Refused | None
    error: ProviderFailed | None
    again: bool
    elsewhere: bool


class Asker:
    def __init__(self, upstreams: Upstreams, health: Health, learned: LearnedCapabilities) -> None:
        self._upstreams = upstreams
        self._health = health
        self._learned = learned

    def ask(
        self,
        org: str,
        matches: Sequence[Match],
        prepare: Prepare,
        account: Account,
        deadline: Deadline,
    ) -> Answered:
        """Return the first answer there is, else the last refusal. Raises `ProviderFailed` when
        there is none, and the `BadRequest` of a route where no route's dialect can say the request.
        """
        refusal: BadRequest | None = None
        for usable in self._usable(org, matches):
            turns = Turns(usable, prepare)
            if (answered := self._ask_in_turn(org, turns, account, deadline)) is not None:
                return answered
            refusal = refusal or turns.refusal
        assert refusal is not None
        raise refusal

    def _usable(self, org: str, matches: Sequence[Match]) -> Iterator[Sequence[Match]]:
        """Yield the routes that are well, then those that at least answer: they are asked where
        none of the others can be. Raises `ProviderDown` when there are none of either."""
        well = [match for match in matches if self._health.usable(name_of(org, match.route))]
        if well:
            yield well
        unwell = [match for match in matches if match not in well]
        resting = [match for match in unwell if not self._health.is_down(name_of(org, match.route))]
        if resting:
            yield resting
        if not well and not resting:
            raise ProviderDown(matches[0].route.provider.name, "it took no connection just now")

    def _ask_in_turn(
        self, org: str, turns: Turns, account: Account, deadline: Deadline
    ) -> Answered | None:
        """Return the first answer, else the last refusal; None where no route can be asked."""
        last: tuple[ProviderRequest, Failure] | None = None
        for first in turns:
            request, result = self._ask_learning(org, first, account, deadline, turns)
            if not isinstance(result, Failure):
                return Answered(request, result)
            last = request, result
            if not result.elsewhere or deadline.left() <= 0:
                break
        return _given_up(*last) if last is not None else None

    def _ask_learning(
        self,
        org: str,
        request: ProviderRequest,
        account: Account,
        deadline: Deadline,
        turns: Turns,
    ) -> tuple[ProviderRequest, Answer | Failure]:
        """Ask a route, and once more without a capability that its refusal says it lacks. An answer
        then proves that; refused just the same, it lacks nothing, and the first refusal stands."""
        result = self._ask_one(org, request, account, deadline, turns)
        refused = result.refused if isinstance(result, Failure) else None
        capability = lacking(request, refused) if refused is not None else None
        if refused is None or capability is None:
            return request, result
        other = turns.again(request, capability)
        if other is None:
            return request, result
        answered = self._ask_learning(org, other, account, deadline, turns)
        if _stands(refused, answered[1], capability):
            return request, result
        if not isinstance(answered[1], Failure):
            self._learned.note(request.route, capability)
        return answered

    def _ask_one(
        self, org: str, request: ProviderRequest, account: Account, deadline: Deadline, turns: Turns
    ) -> Answer | Failure:
        """The last route is asked again, a route before it is not: the next one is."""
        for attempt in range(RETRIES + 1):
            found = self._attempt(org, request, account, deadline)
            if not isinstance(found, Failure) or not found.again or attempt == RETRIES:
                return found
            if not turns.are_over():
                return found
            asked = found.refused.pause if found.refused else None
            pause = backoff(attempt) if asked is None else asked
            if pause > LONGEST_PAUSE or pause >= deadline.left():
                return found
            time.sleep(pause)
            _stop_for_nobody(account)
        raise AssertionError("the last attempt has returned")

    def _attempt(
        self, org: str, request: ProviderRequest, account: Account, deadline: Deadline
    ) -> Answer | Failure:
        provider, name = request.route.provider, name_of(org, request.route)
        account.attempt(request.route)
        within = max(0.001, deadline.left())
        started = time.perf_counter()
        try:
            raw = unpacked(self._upstreams.post(provider, *request.outgoing, within=within))
            seconds = time.perf_counter() - started
            account.answered()
            answer = received(request.protocol, raw) if raw.status == 200 else Refused.of(raw)
        except RelayFailed as broken:
            self._note(request, "failed", None)
            again = broken.reason != TIMED_OUT and not broken.final
            if again or broken.final or self._upstreams.had_time(within, sent=broken.sent):
                self._health.failed(name, down=True)
            error = provider_error(provider.name, broken.reason, sent=broken.sent)
            return Failure(None, error, again=again, elsewhere=True)
        if isinstance(answer, Refused):
            if answer.usage is not None:
                account.spent(answer.usage)
            return self._refused(request, name, answer, seconds)
        self._note(request, "200", seconds)
        self._health.succeeded(name, seconds)
        return answer

    def _refused(
        self, request: ProviderRequest, name: str, refused: Refused, seconds: float
    ) -> Failure:
        if refused.non_answer is not None:
            provider = request.route.provider.name
            log.warning("provider_gave_no_answer", provider=provider, status=refused.status)
        outcome = NO_ANSWER if refused.non_answer else metric_status(refused.status)
        self._note(request, outcome, seconds)
        self._judge(name, refused, seconds)
        return Failure(refused, None, refused.worth_retrying, refused.worth_another_route)

    def _judge(self, name: str, refused: Refused, seconds: float) -> None:
        """A refusal of the request says nothing against the provider."""
        if not refused.worth_retrying:
            self._health.succeeded(name, seconds)
        elif refused.status == 429:
            if refused.pause:
                self._health.failed(name, pause=refused.pause)
        else:
            self._health.failed(name)

    def _note(self, request: ProviderRequest, outcome: str, seconds: float | None) -> None:
        name = metric_name(request.route.provider)
        labelled(provider_requests, name, outcome).inc()
        if seconds is not None:
            labelled(provider_seconds, name).observe(seconds)


def _stands(refused: Refused, result: Answer | Failure, capability: Capability) -> bool:
    """Return whether the first refusal goes to the caller for all that the second attempt brought.
    Where the provider has named another route, what it says there is to the point, unless that is
    that there is none."""
    again = result.refused if isinstance(result, Failure) else None
    if again is None:
        return False
    if capability in OVER_RESPONSES:
        return again.status in NO_ROUTE
    return again.status == refused.status


def _stop_for_nobody(account: Account) -> None:
    """`CallerGone` if the caller is, between two attempts: the last one's failure cost nothing."""
    try:
        hangups.check()
    except CallerGone:
        account.close("client_closed", None, error="client_closed")
        raise


def _given_up(request: ProviderRequest, failure: Failure) -> Answered:
    if failure.refused is None:
        assert failure.error is not None
        raise failure.error
    return Answered(request, failure.refused)
