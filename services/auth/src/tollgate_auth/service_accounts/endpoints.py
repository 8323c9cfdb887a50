from typing import Any

from tollgate_auth.service_accounts import repository, service
from tollgate_auth.service_accounts.schemas import (
    ServiceAccountCreate,
    ServiceAccountList,
    ServiceAccountOut,
    ServiceAccountPatch,
    ServiceAccountQuery,
    ServiceAccountWithSecret,
)
from tollgate_auth.unit_of_work import TransactionalResource
from tollgate_common.guard import PROJECTS, current_caller, requires
from tollgate_common.restx import Noun, Paging, document, json_body, page, query
from tollgate_common.visibility import current_visibility

namespace = Noun("service-accounts", description="Machines: OAuth2 clients (POST /oauth/token).")
one, many = document(namespace, ServiceAccountOut), document(namespace, ServiceAccountList)
shown_once = document(namespace, ServiceAccountWithSecret)
creation = document(namespace, ServiceAccountCreate)
patching = document(namespace, ServiceAccountPatch)


@namespace.route("")
class ServiceAccounts(TransactionalResource):
    @requires("users:read", PROJECTS)
    @namespace.documented(
        {200: ("A page of service accounts, newest first.", many)},
        params=(ServiceAccountQuery, Paging),
    )
    def get(self) -> dict[str, Any]:
        rows, following = repository.page(
            current_visibility(service.READING), query(ServiceAccountQuery)
        )
        return page([service.shown(*row) for row in rows], following)

    @requires("users:write", PROJECTS)
    @namespace.documented(
        {
            201: ("The new account, with its secret, this once.", shown_once),
            403: "It, or its owner, could do what the caller cannot, or it could do more than its"
            " owner.",
            404: "There is no such project or owner.",
            409: "The owner is deactivated.",
        },
        body=creation,
    )
    def post(self) -> tuple[dict[str, Any], int]:
        return service.create(current_caller(), json_body(ServiceAccountCreate)), 201


@namespace.route("/<id:account_id>")
class OneServiceAccount(TransactionalResource):
    @requires("users:read", PROJECTS)
    @namespace.documented({200: ("The account.", one)})
    def get(self, account_id: str) -> dict[str, Any]:
        return service.shown(*service.get(current_visibility(service.READING), account_id))

    @requires("users:write", PROJECTS)
    @namespace.documented(
        {
            200: ("The account as it is now.", one),
            403: "It, or its owner, could do what the caller cannot, or it could do more than its"
            " owner.",
            404: "There is no such account or owner.",
            409: "It has ended, or its owner is deactivated.",
        },
        body=patching,
    )
    def patch(self, account_id: str) -> dict[str, Any]:
        return service.update(current_caller(), account_id, json_body(ServiceAccountPatch))

    @requires("users:write", PROJECTS)
    @namespace.documented({204: "It, its keys and its tokens work no more."})
    def delete(self, account_id: str) -> tuple[str, int]:
        service.end(current_caller(), account_id)
        return "", 204


@namespace.route("/<id:account_id>/rotate")
class Rotation(TransactionalResource):
    @requires("users:write", PROJECTS)
    @namespace.documented(
        {200: ("The account, with its new secret, this once.", shown_once), 409: "It has ended."}
    )
    def post(self, account_id: str) -> dict[str, Any]:
        return service.rotate(current_caller(), account_id)
