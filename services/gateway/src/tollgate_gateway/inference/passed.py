"""Routes below /v1 that are no inference call: authenticated, and passed on without a ticket."""

from typing import Any

import msgspec
from flask import Request, Response

from tollgate_common.errors import DependencyDown
from tollgate_common.principal import Principal
from tollgate_common.relay import RelayClient, RelayFailed
from tollgate_common.request_ids import RequestIds
from tollgate_gateway.bodies import body_of
from tollgate_gateway.hops import answer_headers, forward_headers, target
from tollgate_gateway.inference.errors import ModelNotAllowed, UnknownRoute
from tollgate_gateway.inference.service import SCOPE
from tollgate_gateway.principals.service import PrincipalService


class PassedService:
    def __init__(self, principals: PrincipalService, llm: RelayClient) -> None:
        self._principals = principals
        self._llm = llm

    def forward(self, request: Request, ids: RequestIds) -> Response:
        """llm's own answer, whole."""
        return self._send(request.method, request, self._caller(request), ids)

    def models(self, request: Request, ids: RequestIds) -> Response:
        """llm's list, or one model, without those that the caller may not use. HEAD is answered as
        GET is, but for the body, which Flask leaves out."""
        principal = self._caller(request)
        response = self._send("GET", request, principal, ids)
        if response.status_code == 200 and not principal.may_use_every_model:
            usable = self._usable(msgspec.json.decode(response.get_data()), principal)
            response.set_data(msgspec.json.encode(usable))
        return response

    def _usable(self, answer: dict[str, Any], principal: Principal) -> dict[str, Any]:
        try:
            return _usable(answer, principal)
        except ModelNotAllowed as error:
            self._principals.note_refusal(principal, SCOPE, error)
            raise

    def unknown(self, request: Request) -> Response:
        """No such route; said only to callers who may know."""
        self._caller(request)
        raise UnknownRoute(f"There is no {request.method} {request.path} here.")

    def _caller(self, request: Request) -> Principal:
        return self._principals.authorize(request.headers, request.remote_addr, SCOPE)

    def _send(
        self, method: str, request: Request, principal: Principal, ids: RequestIds
    ) -> Response:
        headers = forward_headers(request, principal.assertion, ids)
        body = body_of(request)
        try:
            answer = self._llm.send(method, target(request), body, headers)
            content = answer.read()
        except RelayFailed:
            raise DependencyDown("llm") from None
        return Response(content, status=answer.status, headers=answer_headers(answer.headers))


def _usable(answer: dict[str, Any], principal: Principal) -> dict[str, Any]:
    if "data" not in answer:
        if not principal.may_use(answer["id"]):
            raise ModelNotAllowed(answer["id"])
        return answer
    return answer | {"data": [m for m in answer["data"] if principal.may_use(m["id"])]}
