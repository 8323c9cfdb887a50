"""`/v1`: the inference routes. Plain views; the caller's dialect in every answer."""

from typing import Any, cast

from flask import Blueprint, Response, current_app, g, request

from tollgate_common.guard import public
from tollgate_gateway.inference.passed import PassedService
from tollgate_gateway.inference.service import InferenceService
from tollgate_gateway.parsed_requests.readers import READERS

ANYTHING = "/v1/<path:path>"

blueprint = Blueprint("inference", __name__)


@public  # the inference service authenticates: it needs the principal, not an assertion
def call() -> Response:
    """An inference call: ticketed and relayed."""
    service = cast(InferenceService, current_app.extensions["inference"])
    # Itself, not the proxy: each look through that costs as much as a call.
    return service.run(cast(Any, request)._get_current_object(), g.request_ids)


@public
def models(name: str | None = None) -> Response:
    """The models that this caller may use."""
    return _passed().models(request, g.request_ids)


@public
def jobs(job_id: str | None = None) -> Response:
    """Queued calls: no ticket now; each call opens one when it runs."""
    return _passed().forward(request, g.request_ids)


@public
def unknown(path: str) -> Response:
    """Anything else below /v1: 404 in the caller's dialect, after authentication. It has no
    methods, which browsers ask for without credentials."""
    if request.method == "OPTIONS":
        return Response(headers={"allow": "OPTIONS"})
    return _passed().unknown(request)


def _passed() -> PassedService:
    return cast(PassedService, current_app.extensions["passed"])


for path in READERS:
    blueprint.add_url_rule(path, view_func=call, methods=["POST"])
blueprint.add_url_rule("/v1/models", view_func=models, methods=["GET"])
blueprint.add_url_rule("/v1/models/<path:name>", view_func=models, methods=["GET"])
blueprint.add_url_rule("/v1/jobs", view_func=jobs, methods=["POST"])
blueprint.add_url_rule("/v1/jobs/<job_id>", view_func=jobs, methods=["GET", "DELETE"])
blueprint.add_url_rule(
    ANYTHING, view_func=unknown, methods=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
)
