"""An organisation's rows, and the snapshot that requests use made of them."""

import msgspec
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tollgate_llm.catalog import repository as models
from tollgate_llm.pricing.tariffs import Tariff, per_mtok
from tollgate_llm.providers import repository as providers
from tollgate_llm.providers.kinds import NO_CLOUD, NONE_STATED, Provider
from tollgate_llm.providers.service import ProviderService
from tollgate_llm.routing.models import (
    Model,
    Snapshot,
    Stored,
    StoredModel,
    StoredPrice,
    StoredProvider,
)


def load(engine: Engine, org: str) -> Stored:
    """Two queries, in one transaction."""
    with Session(engine) as session:
        provider_rows = providers.all_of(session, org)
        model_rows = models.all_of(session, org)
    return Stored(
        providers=[
            msgspec.convert(
                {field: getattr(r, field) for field in StoredProvider.__struct_fields__},
                StoredProvider,
            )
            for r in provider_rows
        ],
        models=[
            msgspec.convert(
                {field: getattr(r, field) for field in StoredModel.__struct_fields__},
                StoredModel,
            )
            for r in model_rows
        ],
    )


class Builder:
    """`platform` are the providers that everyone has; an organisation's own of the same name take
    their place. A provider whose credential cannot be read is left out."""

    def __init__(self, platform: dict[str, Provider], service: ProviderService) -> None:
        self._platform = platform
        self._service = service

    def build(self, org: str, stored: Stored) -> Snapshot:
        found = dict(self._platform)
        for row in stored.providers:
            api_key = self._service.opened(org, row.name, row.sealed)
            found.pop(row.name, None)
            if api_key is not None:
                found[row.name] = Provider(
                    name=row.name,
                    kind=row.kind,
                    base_url=row.base_url,
                    api_key=api_key,
                    source="organisation",
                    cloud=row.cloud or NO_CLOUD,
                    capabilities=row.capabilities or NONE_STATED,
                )
        return Snapshot(org, found, {row.name: _model(row) for row in stored.models})


def _model(row: StoredModel) -> Model:
    return Model(
        row.name,
        tuple(row.routes),
        row.strategy,
        tariff_of(row.price),
        row.cache.max_age if row.cache else None,
        row.max_input_tokens,
        row.max_output_tokens,
        row.unsupported,
    )


def tariff_of(price: StoredPrice | None) -> Tariff | None:
    if price is None:
        return None
    return per_mtok(
        price.input_usd_per_mtok,
        price.output_usd_per_mtok,
        price.cached_input_usd_per_mtok,
        price.cache_write_usd_per_mtok,
    )
