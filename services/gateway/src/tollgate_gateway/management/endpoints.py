"""`/api/v1`, `/.well-known/jwks.json`, `/openapi.json` and `/docs`."""

from typing import cast

from flask import Blueprint, Response, current_app, g, jsonify, request

from tollgate_common.guard import public
from tollgate_gateway.management import docs_page
from tollgate_gateway.management.front_door import FrontDoor
from tollgate_gateway.management.openapi import OpenApi

# What a route below /api has for options, the service knows that answers there.
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

blueprint = Blueprint("management", __name__, template_folder="templates")


@public  # the front door authenticates, and the owning service checks the permission
def management(path: str = "") -> Response:
    """Anything below /api."""
    return _door().pass_on(request, g.request_ids)


@public  # auth checks the client
def oauth() -> Response:
    """Tokens for machines, and what may be asked about them."""
    return _door().oauth(request, g.request_ids)


@public
def jwks() -> Response:
    """The keys that verify this platform's tokens."""
    return jsonify(current_app.extensions["jwks"]())


@public
def openapi() -> Response:
    """The management API of all services, and the inference routes, as one document."""
    return jsonify(cast(OpenApi, current_app.extensions["openapi"]).document())


@public
def docs() -> str:
    """Swagger UI."""
    return docs_page.docs_page()


@public
def docs_file(name: str) -> Response:
    """A file of Swagger UI, or of the page around it."""
    return docs_page.docs_file(name)


def _door() -> FrontDoor:
    return cast(FrontDoor, current_app.extensions["front_door"])


for action in ("token", "introspect", "revoke"):
    blueprint.add_url_rule(f"/oauth/{action}", view_func=oauth, methods=["POST"])
blueprint.add_url_rule("/.well-known/oauth-authorization-server", view_func=oauth)
blueprint.add_url_rule("/api/", view_func=management, methods=METHODS)
blueprint.add_url_rule("/api/<path:path>", view_func=management, methods=METHODS)
blueprint.add_url_rule("/.well-known/jwks.json", view_func=jwks)
blueprint.add_url_rule("/openapi.json", view_func=openapi)
blueprint.add_url_rule("/docs", view_func=docs)
blueprint.add_url_rule("/docs/<path:name>", view_func=docs_file)
