"""`/api/v1/providers`."""

from typing import Any

from flask import current_app

from tollgate_common.guard import current_caller, requires
from tollgate_common.restx import (
    Noun,
    Paging,
    document,
    json_body,
    named,
    page,
    page_of,
    query,
)
from tollgate_llm.extensions import db
from tollgate_llm.providers.schemas import ProviderIn, ProviderList, ProviderOut, ProviderQuery
from tollgate_llm.providers.service import NAME, ProviderService
from tollgate_llm.unit_of_work import TransactionalResource

namespace = Noun("providers", description="Who answers, where, with which credentials.")
one, many = document(namespace, ProviderOut), document(namespace, ProviderList)
wanted = document(namespace, ProviderIn)


def _service() -> ProviderService:
    service: ProviderService = current_app.extensions["providers"]
    return service


@namespace.route("")
class Providers(TransactionalResource):
    @requires("providers:read")
    @namespace.documented(
        {200: ("A page of the organisation's providers and the platform's, by name.", many)},
        params=(ProviderQuery, Paging),
    )
    def get(self) -> dict[str, Any]:
        listed = _service().listed(db.session(), current_caller().org, query(ProviderQuery))
        found, following = page_of(listed, lambda provider: provider.name)
        return page([provider.model_dump() for provider in found], following)


@namespace.route("/<name>", doc=named(NAME))
class OneProvider(TransactionalResource):
    @requires("providers:read")
    @namespace.documented({200: ("The provider.", one)})
    def get(self, name: str) -> dict[str, Any]:
        return _service().get(db.session(), current_caller().org, name).model_dump()

    @requires("providers:write")
    @namespace.documented({200: ("The provider as it is now.", one)}, body=wanted)
    def put(self, name: str) -> dict[str, Any]:
        body = json_body(ProviderIn)
        return _service().put(db.session(), current_caller().org, name, body).model_dump()

    @requires("providers:write")
    @namespace.documented({204: "The provider is gone."})
    def delete(self, name: str) -> tuple[str, int]:
        _service().remove(db.session(), current_caller().org, name)
        return "", 204
