from typing import Any

from flask import Blueprint, Response, request

from tollgate_auth.keys import repository, service
from tollgate_auth.keys.models import Key
from tollgate_auth.keys.schemas import (
    KeyCreate,
    KeyList,
    KeyOut,
    KeyPatch,
    KeyQuery,
    KeyRotate,
    KeyUses,
    KeyWithText,
)
from tollgate_auth.unit_of_work import TransactionalResource, unit_of_work
from tollgate_common.guard import PROJECTS, current_caller, requires, service_only
from tollgate_common.restx import Noun, Paging, document, json_body, page, query
from tollgate_common.visibility import current_visibility

namespace = Noun("keys", description="API keys.")
blueprint = Blueprint("key_uses", __name__)
one, many = document(namespace, KeyOut), document(namespace, KeyList)
shown_once = document(namespace, KeyWithText)
creation, patching = document(namespace, KeyCreate), document(namespace, KeyPatch)
rotation = document(namespace, KeyRotate)


def _answer(key: Key, text: str | None = None) -> dict[str, Any]:
    answer = service.shown([key])[0]
    return answer | {"key": text} if text else answer


@namespace.route("")
class Keys(TransactionalResource):
    @requires("keys:read", PROJECTS)
    @namespace.documented({200: ("A page of keys, newest first.", many)}, params=(KeyQuery, Paging))
    def get(self) -> dict[str, Any]:
        keys, following = repository.page(current_visibility(service.READING), query(KeyQuery))
        return page(service.shown(keys), following)

    @requires("keys:write", PROJECTS)
    @namespace.documented(
        {
            201: ("The new key, with its text, this once.", shown_once),
            403: "It, or its user, could do what the caller cannot, or it has more than the"
            " project's `key_rules`.",
            404: "There is no such project or user.",
            409: "The user is deactivated.",
        },
        body=creation,
    )
    def post(self) -> tuple[dict[str, Any], int]:
        return _answer(*service.create(current_caller(), json_body(KeyCreate))), 201


@namespace.route("/<id:key_id>")
class OneKey(TransactionalResource):
    @requires("keys:read", PROJECTS)
    @namespace.documented({200: ("The key.", one)})
    def get(self, key_id: str) -> dict[str, Any]:
        return _answer(service.get(current_visibility(service.READING), key_id))

    @requires("keys:write", PROJECTS)
    @namespace.documented(
        {
            200: ("The key as it is now.", one),
            403: "It, or its new user, could do what the caller cannot, or it has more than the"
            " project's `key_rules`.",
            404: "There is no such key or user.",
            409: "The key is revoked, or its new user is deactivated.",
        },
        body=patching,
    )
    def patch(self, key_id: str) -> dict[str, Any]:
        return _answer(service.update(current_caller(), key_id, json_body(KeyPatch)))

    @requires("keys:write", PROJECTS)
    @namespace.documented({204: "The key is revoked."})
    def delete(self, key_id: str) -> tuple[str, int]:
        service.revoke(current_caller(), key_id)
        return "", 204


@namespace.route("/<id:key_id>/rotate")
class Rotation(TransactionalResource):
    @requires("keys:write", PROJECTS)
    @namespace.documented(
        {200: ("The key, with its new text, this once.", shown_once), 409: "The key is revoked."},
        body=rotation,
    )
    def post(self, key_id: str) -> dict[str, Any]:
        wanted = json_body(KeyRotate) if request.get_data() else KeyRotate()
        return _answer(*service.rotate(current_caller(), key_id, wanted.grace_seconds))


@blueprint.post("/internal/v1/keys/used")
@service_only("keys:use")
def used() -> Response:
    """The gateway's, a while after the fact: when keys were last used."""
    with unit_of_work():
        service.note_uses(json_body(KeyUses).keys)
    return Response(status=204)
