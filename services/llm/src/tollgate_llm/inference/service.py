"""One accepted request: find who may answer, ask, send the answer on, close the ticket.

Nothing of the answer has gone out while another provider may still be asked; once something has,
what happens is told inside the answer (`delivery`).
"""

import time
from typing import Any, NamedTuple

import msgspec
from flask import Response

from tollgate_common.errors import BadRequest, TollgateError
from tollgate_common.guard import Caller
from tollgate_common.metrics import provider_requests, provider_seconds
from tollgate_common.relay import RelayAnswer, RelayFailed
from tollgate_llm.dialects.matching import speaking
from tollgate_llm.inference import splice
from tollgate_llm.inference.account import Account, Cashier
from tollgate_llm.inference.delivery import Exchange, deliver
from tollgate_llm.inference.errors import provider_error
from tollgate_llm.inference.headers import Environ, to_provider
from tollgate_llm.inference.protocols import Protocol
from tollgate_llm.providers.upstreams import Upstreams
from tollgate_llm.routing.models import Candidate
from tollgate_llm.routing.service import Router


class Asked(msgspec.Struct):
    """What has to be known of a request's body; the rest is the provider's to read."""

    model: str
    stream: Any = None
    stream_options: Any = msgspec.UNSET


class Call(NamedTuple):
    """A request as it came. `query` is its query string with the question mark, or empty."""

    caller: Caller
    ticket: str | None
    request_id: str
    query: str
    body: bytes
    environ: Environ


_decode = msgspec.json.Decoder(Asked).decode


class InferenceService:
    def __init__(self, router: Router, upstreams: Upstreams, cashier: Cashier) -> None:
        self._router = router
        self._upstreams = upstreams
        self._cashier = cashier

    def run(self, protocol: Protocol, call: Call) -> Response:
        """The answer. The ticket is closed when this returns, or when a stream ends, or when this
        raises, exactly once."""
        account = Account(self._cashier, call.caller.org, call.ticket)
        try:
            return self._run(protocol, call, account)
        except TollgateError as error:
            account.close("provider_error", error.http_status, error=error.error_code)
            raise
        except BaseException:
            account.close("provider_error", 500, error="internal_error")
            raise

    def _run(self, protocol: Protocol, call: Call, account: Account) -> Response:
        asked = _peek(call.body)
        candidates = speaking(
            self._router.candidates(call.caller.org, call.caller.mode, asked.model),
            protocol.dialect, protocol.path, asked.model,
        )  # fmt: skip
        hide_usage = protocol.asks_usage and asked.stream is True and not _asks_usage(asked)
        body = call.body
        if hide_usage:
            has_options = asked.stream_options is not msgspec.UNSET
            body = splice.with_usage_asked(body, has_options)
        answer, route = self._ask(protocol, call, account, asked.model, body, candidates)
        exchange = Exchange(protocol, account, route, call.body, call.request_id, hide_usage)
        return deliver(exchange, answer)

    def _ask(
        self, protocol: Protocol, call: Call, account: Account, model: str, body: bytes,
        candidates: tuple[Candidate, ...],
    ) -> tuple[RelayAnswer, Candidate]:  # fmt: skip
        """The first answer there is. Only a provider that took no connection is passed over."""
        failure = None
        for route in candidates:
            account.attempt(route)
            provider = route.provider
            started = time.perf_counter()
            try:
                answer = self._upstreams.client(provider.base_url).send(
                    "POST",
                    provider.path(protocol.path) + call.query,
                    body if route.model == model else splice.with_model(body, route.model),
                    to_provider(
                        call.environ,
                        provider.credentials(protocol.dialect),
                        call.ticket or call.request_id,
                    ),
                )
            except RelayFailed as broken:
                provider_requests.labels(provider.name, "failed").inc()
                failure = provider_error(provider.name, broken.reason, sent=broken.sent)
                if broken.sent:
                    break
                continue
            account.answered()
            provider_requests.labels(provider.name, str(answer.status)).inc()
            provider_seconds.labels(provider.name).observe(time.perf_counter() - started)
            return answer, route
        assert failure is not None
        raise failure


def _peek(body: bytes) -> Asked:
    try:
        return _decode(body)
    except msgspec.ValidationError:
        raise BadRequest("`model` must be the name of a model.", param="model") from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise BadRequest("The body is not valid JSON.", param="body", code="invalid_json") from None


def _asks_usage(asked: Asked) -> bool:
    options = asked.stream_options
    return isinstance(options, dict) and options.get("include_usage") is True
