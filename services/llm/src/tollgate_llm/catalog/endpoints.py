"""`/api/v1/models`."""

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
from tollgate_llm.catalog.schemas import ModelIn, ModelList, ModelOut, ModelQuery
from tollgate_llm.catalog.service import NAME_CHARACTERS, CatalogService
from tollgate_llm.extensions import db
from tollgate_llm.unit_of_work import TransactionalResource

namespace = Noun("models", description="What can be asked for, where it goes, what it costs.")
one, many = document(namespace, ModelOut), document(namespace, ModelList)
wanted = document(namespace, ModelIn)


def _service() -> CatalogService:
    service: CatalogService = current_app.extensions["catalog"]
    return service


@namespace.route("")
class Models(TransactionalResource):
    @requires("models:read")
    @namespace.documented(
        {200: ("A page of the organisation's models, then of what its providers have.", many)},
        params=(ModelQuery, Paging),
    )
    def get(self) -> dict[str, Any]:
        listed = _service().listed(db.session(), current_caller().org, query(ModelQuery))
        found, following = page_of(listed, lambda model: f"{model.source} {model.name}")
        return page([model.model_dump(mode="json") for model in found], following)


@namespace.route("/<path:name>", doc=named(f"^[^\\x00-\\x1f\\x7f]{{1,{NAME_CHARACTERS}}}$"))
class OneModel(TransactionalResource):
    @requires("models:read")
    @namespace.documented({200: ("The model.", one)})
    def get(self, name: str) -> dict[str, Any]:
        return _service().get(db.session(), current_caller().org, name).model_dump(mode="json")

    @requires("models:write")
    @namespace.documented({200: ("The model as it is now.", one)}, body=wanted)
    def put(self, name: str) -> dict[str, Any]:
        body = json_body(ModelIn)
        put = _service().put(db.session(), current_caller().org, name, body)
        return put.model_dump(mode="json")

    @requires("models:write")
    @namespace.documented({204: "The organisation's model is gone."})
    def delete(self, name: str) -> tuple[str, int]:
        _service().remove(db.session(), current_caller().org, name)
        return "", 204
