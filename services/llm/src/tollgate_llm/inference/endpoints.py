"""`/v1`: the inference routes. Plain views, in the caller's dialect; the hot path."""

from collections.abc import Callable
from typing import Any, cast

from flask import Flask, Response, current_app, g, request

from tollgate_common.guard import current_caller, requires
from tollgate_llm.inference.errors import TicketMissing
from tollgate_llm.inference.protocols import PROTOCOLS, Protocol
from tollgate_llm.inference.query import split_query
from tollgate_llm.inference.service import Call, InferenceService

PERMISSION = "inference"
EXTENSION = "inference"


def register(app: Flask, service: InferenceService) -> None:
    app.extensions[EXTENSION] = service
    for protocol in PROTOCOLS:
        app.add_url_rule(
            protocol.path, protocol.path, requires(PERMISSION)(_view(protocol)), methods=["POST"]
        )


def _view(protocol: Protocol) -> Callable[[], Response]:
    """The one view, for one protocol."""

    def view() -> Response:
        current = cast(Any, request)._get_current_object()
        environ = current.environ
        ticket = environ.get("HTTP_X_TOLLGATE_TICKET")
        if not ticket and not protocol.free:
            raise TicketMissing
        call = Call(
            caller=current_caller(),
            ticket=ticket,
            request_id=g.request_id,
            query=split_query(environ.get("QUERY_STRING", "")),
            body=current.get_data(cache=False),
            environ=environ,
        )
        return cast(InferenceService, current_app.extensions[EXTENSION]).run(protocol, call)

    return view
