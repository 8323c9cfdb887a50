"""Wires the sandbox.

Run it with `gunicorn -k gevent "tollgate_llm.sandbox.app:create_worker()"`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from http import HTTPStatus

import msgspec
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from tollgate_llm.sandbox.anthropic_api import messages
from tollgate_llm.sandbox.anthropic_api.messages import MESSAGES, count_input, count_params
from tollgate_llm.sandbox.calls import Protocol, answer_call, checked_body
from tollgate_llm.sandbox.delivery import Delivery
from tollgate_llm.sandbox.dialects import ANTHROPIC, JSON, dialect_of, render_error
from tollgate_llm.sandbox.errors import ApiError
from tollgate_llm.sandbox.fakes import FakeAnswer
from tollgate_llm.sandbox.models import get_model, list_models
from tollgate_llm.sandbox.openai_api import (
    chat,
    completions,
    embeddings,
    images,
    moderations,
    responses,
    speech,
    transcriptions,
)
from tollgate_llm.sandbox.openai_api.chat import CHAT
from tollgate_llm.sandbox.openai_api.responses import RESPONSES
from tollgate_llm.sandbox.served_log import ServedLog
from tollgate_llm.sandbox.settings import SandboxSettings
from tollgate_llm.settings import SandboxServerSettings

MAX_BODY = 32 * 2**20
logger = logging.getLogger(__name__)


def create_app(settings: SandboxSettings | None = None) -> Flask:
    """The sandbox; without settings, those of the environment."""
    settings = settings or SandboxSettings(served_log=SandboxServerSettings.load().served_log)
    app = Flask("tollgate_llm.sandbox", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    log = ServedLog(settings.served_log)
    _add_calls(app, Delivery(settings, log))
    _add_models(app)
    _add_operations(app, log)
    _add_error_handlers(app)
    return app


def create_worker() -> Flask:
    """The sandbox as a server's worker runs it: the SDKs' types, which take seconds to import, are
    loaded before the first call."""
    app = create_app()
    for params in (chat.PARAMS, responses.PARAMS, messages.STABLE, messages.BETA):
        params.load()
    return app


def _add_calls(app: Flask, delivery: Delivery) -> None:
    def route(protocol: Protocol) -> None:
        app.post(protocol.endpoint, endpoint=protocol.endpoint)(
            lambda: answer_call(protocol, delivery)
        )

    route(CHAT)
    route(RESPONSES)
    route(MESSAGES)

    def call(endpoint: str, answer: Callable[[Delivery], Response]) -> None:
        app.post(endpoint, endpoint=endpoint)(lambda: answer(delivery))

    call(completions.ENDPOINT, completions.complete)
    call(embeddings.ENDPOINT, embeddings.embed)
    call(images.ENDPOINT, images.generate)
    call(images.EDITS, images.edit)
    call(moderations.ENDPOINT, moderations.moderate)
    call(speech.ENDPOINT, speech.speak)
    for endpoint in (transcriptions.TRANSCRIPTIONS, transcriptions.TRANSLATIONS):
        call(endpoint, partial(transcriptions.transcribe, endpoint))
    app.post("/v1/messages/count_tokens")(_count_tokens)


def _count_tokens() -> Response:
    body = checked_body(ANTHROPIC, count_params())
    payload = msgspec.json.encode({"input_tokens": count_input(body)})
    return Response(payload, mimetype=JSON, headers=ANTHROPIC.headers())


def _add_models(app: Flask) -> None:
    app.get("/v1/models")(list_models)
    app.get("/v1/models/<path:name>")(get_model)


def _add_operations(app: Flask, log: ServedLog) -> None:
    @app.get("/served")
    def served() -> Response:
        """The served log. `client_request_id` and `since` (RFC 3339) narrow it."""
        asked, since = request.args.get("client_request_id"), request.args.get("since")
        try:
            lines = list(log.read(client_request_id=asked, since=since))
        except ValueError:
            raise ApiError(400, "Expected an RFC 3339 time.", param=("since",)) from None
        return Response(msgspec.json.encode({"data": lines}), mimetype=JSON)

    @app.get("/healthz")
    def healthz() -> Response:
        return Response(b'{"status":"ok"}', mimetype=JSON)

    @app.get("/readyz")
    def readyz() -> Response:
        """Ready when answers can be witnessed."""
        try:
            log.check()
        except OSError:
            unready = b'{"status":"not_ready","checks":{"served_log":"failing"}}'
            return Response(unready, status=503, mimetype=JSON)
        return Response(b'{"status":"ready","checks":{"served_log":"ok"}}', mimetype=JSON)


def _add_error_handlers(app: Flask) -> None:
    """Whatever goes wrong is said in the caller's dialect."""

    @app.errorhandler(ApiError)
    def refused(error: ApiError) -> Response:
        return render_error(error, dialect_of(request))

    @app.errorhandler(FakeAnswer)
    def fake(answer: FakeAnswer) -> Response:
        headers = dialect_of(request).headers()
        return Response(answer.body, content_type=answer.content_type, headers=headers)

    @app.errorhandler(HTTPException)
    def not_served(error: HTTPException) -> Response:
        status = HTTPStatus(error.code or 500)
        message = f"{status.phrase} ({request.method} {request.path})"
        return render_error(ApiError(status, message), dialect_of(request))

    @app.errorhandler(RecursionError)
    def too_deep(_: RecursionError) -> Response:
        return render_error(ApiError(400, "Nested too deeply."), dialect_of(request))

    @app.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        logger.exception("sandbox_failed", exc_info=error)
        return render_error(ApiError(500, "The sandbox has a bug."), dialect_of(request))
