"""One model call, from the request to the answer, in whichever protocol it is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from flask import Response, request

from tollgate_llm.sandbox.answers import Answer, compose, compose_overage
from tollgate_llm.sandbox.asks import Ask, Json
from tollgate_llm.sandbox.bills import Work, bill_for
from tollgate_llm.sandbox.delivery import Delivery
from tollgate_llm.sandbox.dialects import ANTHROPIC, JSON, Dialect
from tollgate_llm.sandbox.errors import ApiError, InvalidRequest
from tollgate_llm.sandbox.fakes import RESPONSES
from tollgate_llm.sandbox.served_log import Call
from tollgate_llm.sandbox.specials import Special
from tollgate_llm.sandbox.sse import Frame
from tollgate_llm.sandbox.trouble import Trouble
from tollgate_llm.sandbox.validation import ParamsType


@dataclass(frozen=True, slots=True)
class Reply:
    """Everything that an answer in a vendor's shape is made from.

    `counted` is false for `sandbox-nousage`: usage must then appear nowhere.
    """

    body: Json
    ask: Ask
    answer: Answer
    counted: bool

    @property
    def special(self) -> Special:
        return Special.of(self.ask.model)

    @property
    def output_tokens(self) -> int:
        """Of all choices together."""
        return self.answer.tokens * self.ask.choices


@dataclass(frozen=True, slots=True)
class Protocol:
    """What a route speaks.

    `ask` reads a checked body and may still raise `InvalidRequest`; `whole` is the answer in one
    piece; `frames` are the events of its stream, of which the last one alone is marked `last`.
    """

    endpoint: str
    dialect: Dialect
    params: Callable[[], ParamsType]
    ask: Callable[[Json], Ask]
    whole: Callable[[Reply], Json]
    frames: Callable[[Reply], Iterator[Frame]]


def answer_call(protocol: Protocol, delivery: Delivery) -> Response:
    body = checked_body(protocol.dialect, protocol.params())
    ask = protocol.ask(body)
    call, trouble = begin(protocol.endpoint, ask, delivery)
    answer = compose_overage(ask) if trouble is Trouble.OVERAGE else compose(ask)
    reply = Reply(body, ask, answer, counted=trouble is not Trouble.NOUSAGE)
    call = replace(call, bill=bill_for(_work(protocol, reply)))
    headers = protocol.dialect.headers()
    if ask.stream:
        return delivery.stream(call, protocol.frames(reply), headers, reply.output_tokens)
    return delivery.whole(call, protocol.whole(reply), headers, reply.output_tokens)


def _work(protocol: Protocol, reply: Reply) -> Work:
    return Work(
        reply.ask.model,
        is_anthropic=protocol.dialect is ANTHROPIC,
        is_response=protocol.endpoint == RESPONSES,
        read=reply.ask.input_tokens,
        made=reply.output_tokens,
    )


def begin(endpoint: str, ask: Ask, delivery: Delivery) -> tuple[Call, Trouble]:
    """Name the call for the served log, and make the trouble that comes before an answer."""
    client_request_id = request.headers.get("x-client-request-id")
    call = Call(client_request_id, endpoint, ask.model, ask.stream, ask.input_tokens)
    trouble = Trouble.of(ask.model)
    delivery.trouble_first(call, trouble)
    return call, trouble


def checked_body(dialect: Dialect, params: ParamsType) -> Json:
    """The request's JSON object, from a caller with a credential, as the real API would take it."""
    dialect.authenticate(request)
    body = _json_body()
    params.check(body)
    return body


def _json_body() -> Json:
    if request.mimetype != JSON:
        message = (
            f"Unsupported content type: '{request.mimetype}'. "
            "This API method only accepts 'application/json' requests."
        )
        raise ApiError(415, message, code="unsupported_content_type")
    try:
        body: Any = msgspec.json.decode(request.get_data(cache=False))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest(
            f"We could not parse the JSON body of your request: {error}."
        ) from None
    if not isinstance(body, dict):
        raise InvalidRequest("The JSON body of your request must be an object.")
    return body
