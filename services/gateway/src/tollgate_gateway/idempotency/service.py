"""A request with an Idempotency-Key runs once; the same one again gets the same answer.

Kept for a day are answers that a provider gave and would give again: whole ones, and refusals of
the request itself. What may be otherwise next time frees the key, and so does a caller that hangs
up before the answer is whole: sent again, it is a new request with a ledger row of its own. So
every row stands for one request to a provider, and a replay for none.

Redis away: `RedisError`, which callers get as 503; nothing runs that could not be kept from running
twice. Away only when the answer comes: it goes out, and the key is free when its lease has ended.
"""

import threading
import weakref
from collections.abc import Callable
from functools import partial

from flask import Request, Response
from redis.exceptions import RedisError

from tollgate_common.ids import new_uuid
from tollgate_common.logging import get_logger
from tollgate_common.metrics import dependency_failures, idempotent_requests
from tollgate_common.principal import Principal
from tollgate_common.stream_cost import is_event_stream, wants_stream_cost
from tollgate_gateway.hops import target
from tollgate_gateway.idempotency.answers import (
    Kept,
    is_final,
    kept_headers,
    replayed,
    sealed,
)
from tollgate_gateway.idempotency.errors import AnswerNotKept, KeyInUse, KeyReused
from tollgate_gateway.idempotency.places import Place, place_of
from tollgate_gateway.idempotency.recording import Recording
from tollgate_gateway.idempotency.repository import Claim, Found, KeyRepository

RENEW_SECONDS = 5.0

log = get_logger(__name__)


class IdempotencyService:
    def __init__(self, keys: KeyRepository) -> None:
        self._keys = keys
        # Weak: a claim that nobody can end any more is left to its lease.
        self._running: weakref.WeakSet[Claim] = weakref.WeakSet()

    def once(
        self, request: Request, request_id: str, who: Principal, body: bytes,
        run: Callable[[], Response],
    ) -> Response:  # fmt: skip
        """What `run` answers, or has answered before."""
        tells_cost = wants_stream_cost(request.environ)
        place = place_of(who, target(request), body, request.environ)
        claim = Claim(place, new_uuid())
        found = self._keys.claim(claim, request_id)
        if found is not None:
            return _again(place, found, tells_cost)
        self._running.add(claim)
        idempotent_requests.labels("first").inc()
        try:
            response = run()
        except BaseException:
            self._free(claim)
            raise
        return self._recorded(claim, response, tells_cost)

    def renew_until(self, stop: threading.Event) -> None:
        """Renew what runs every few seconds, until told to stop."""
        while not stop.wait(RENEW_SECONDS):
            self.renew()

    def renew(self) -> None:
        running = list(self._running)
        try:
            if running:
                self._keys.renew(running)
        except RedisError as error:
            log.warning("idempotency_keys_not_renewed", error=type(error).__name__)
            dependency_failures.labels("redis").inc()

    def _recorded(self, claim: Claim, response: Response, tells_cost: bool) -> Response:
        """The response, whose answer is kept when it has gone out."""
        if not is_final(response):
            self._free(claim)
            return response
        headers, length = kept_headers(response), response.headers.get("content-length")
        is_stream = is_event_stream(response.headers.get("content-type"))
        done = partial(self._done, claim, response.status_code, headers)
        response.response = Recording(
            response.response, int(length) if length else None, is_stream, done, tells_cost
        )
        return response

    def _done(
        self, claim: Claim, status: int, headers: list[tuple[str, str]], body: bytes | None,
        is_answer: bool,
    ) -> None:  # fmt: skip
        if not is_answer:
            self._free(claim)
            return
        self._running.discard(claim)
        answer = None if body is None else sealed(claim.place, Kept(status, headers, body))
        try:
            if not self._keys.keep(claim, answer):
                log.warning("idempotency_key_lost")
        except RedisError as error:
            log.warning("idempotent_answer_not_kept", error=type(error).__name__)
            dependency_failures.labels("redis").inc()

    def _free(self, claim: Claim) -> None:
        self._running.discard(claim)
        try:
            self._keys.free(claim)
        except RedisError as error:
            log.warning("idempotency_key_not_freed", error=type(error).__name__)
            dependency_failures.labels("redis").inc()


def _again(place: Place, found: Found, tells_cost: bool) -> Response:
    """What a key answers that is not new."""
    if found.fingerprint != place.fingerprint:
        idempotent_requests.labels("reused").inc()
        raise KeyReused(found.request_id)
    if found.is_running:
        idempotent_requests.labels("running").inc()
        raise KeyInUse(found.request_id)
    if found.answer is None:
        idempotent_requests.labels("not_kept").inc()
        raise AnswerNotKept(found.request_id)
    idempotent_requests.labels("replayed").inc()
    return replayed(place, found.answer, found.request_id, tells_cost=tells_cost)
