"""The rules of models: an organisation's own, and those it can call without setting them up."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from tollgate_common.errors import InvalidField
from tollgate_common.events.cloudevents import timestamp
from tollgate_common.guard import current_caller
from tollgate_llm import changes
from tollgate_llm.catalog import repository
from tollgate_llm.catalog.errors import ModelNotFound
from tollgate_llm.catalog.models import ModelRow
from tollgate_llm.catalog.schemas import ModelIn, ModelOut, ModelQuery, Price, RouteOut
from tollgate_llm.pricing.tariffs import text_prices
from tollgate_llm.routing.health import Health, name_of
from tollgate_llm.routing.models import Candidate
from tollgate_llm.routing.service import Router

NAME_CHARACTERS = 256
LIVE = "live"


class CatalogService:
    """`router` knows what a name means where the organisation has said nothing about it."""

    def __init__(self, router: Router, health: Health) -> None:
        self._router = router
        self._health = health

    def listed(self, session: Session, org: str, asked: ModelQuery) -> list[ModelOut]:
        """By name: what the organisation has set up, then what its providers offer besides."""
        own = {row.name: _from_row(row, self._price(org, row)) for row in _rows(session, org)}
        others = {
            name: _from_candidates(name, self._router.candidates(org, LIVE, name))
            for name in self._router.names(org, LIVE)
            if name not in own
        }
        every = [own[name] for name in sorted(own)] + [others[name] for name in sorted(others)]
        return [model for model in every if _fits(model, asked)]

    def get(self, session: Session, org: str, name: str) -> ModelOut:
        """With the health of its routes."""
        row = repository.get(session, org, name)
        candidates = self._candidates(org, name, known=row is not None)
        if row is not None:
            found = _from_row(row, self._price(org, row))
        else:
            found = _from_candidates(name, candidates)
        healths = {(c.provider.name, c.model): name_of(org, c) for c in candidates}
        for route in found.routes:
            if known := healths.get((route.provider, route.model)):
                self._show_health(route, known)
        return found

    def _candidates(self, org: str, name: str, known: bool) -> tuple[Candidate, ...]:
        """None where the providers of a model that is set up are not."""
        try:
            return self._router.candidates(org, LIVE, name)
        except ModelNotFound:
            if known:
                return ()
            raise

    def _show_health(self, route: RouteOut, name: str) -> None:
        route.health, until = self._health.state(name)
        route.until = timestamp(datetime.fromtimestamp(until, UTC)) if until else None
        seconds = self._health.seconds(name)
        route.first_byte_seconds = round(seconds, 3) if seconds is not None else None

    def put(self, session: Session, org: str, name: str, wanted: ModelIn) -> ModelOut:
        """Create, or replace what has this name in any case, which keeps its spelling."""
        if not name or len(name) > NAME_CHARACTERS or not name.isprintable():
            raise InvalidField("name: 1 to 256 printable characters.", param="name")
        row = repository.get(session, org, name)
        name, before = row.name if row else name, _audited(row)
        price = wanted.price.model_dump(exclude_none=True) if wanted.price else None
        repository.put(session, org, name, wanted.model_dump() | {"price": price})
        after = wanted.model_dump(mode="json")
        changes.record(session, current_caller(), "model.changed", ("model", name), before, after)
        return ModelOut.model_validate(
            {"name": name, "source": "organisation", **wanted.model_dump()}
        )

    def remove(self, session: Session, org: str, name: str) -> None:
        row = repository.get(session, org, name)
        before = _audited(row)
        if row is None or not repository.remove(session, org, name := row.name):
            raise ModelNotFound(name)
        changes.record(session, current_caller(), "model.deleted", ("model", name), before, None)

    def _price(self, org: str, row: ModelRow) -> Price | None:
        """The organisation's own, else that of the first route which has one."""
        if row.price is not None:
            return Price.model_validate(row.price)
        try:
            return _price_of(self._router.candidates(org, LIVE, row.name))
        except ModelNotFound:
            return None


def _fits(model: ModelOut, asked: ModelQuery) -> bool:
    return (
        asked.name in (None, model.name)
        and asked.strategy in (None, model.strategy)
        and asked.source in (None, model.source)
        and (asked.provider is None or any(r.provider == asked.provider for r in model.routes))
    )


def _rows(session: Session, org: str) -> list[ModelRow]:
    return repository.all_of(session, org)


def _audited(row: ModelRow | None) -> dict[str, Any] | None:
    return {column: getattr(row, column) for column in ModelIn.model_fields} if row else None


def _from_row(row: ModelRow, price: Price | None) -> ModelOut:
    columns = {column: getattr(row, column) for column in ModelIn.model_fields}
    return ModelOut.model_validate(
        {"name": row.name, **columns, "price": price, "source": "organisation"}
    )


def _from_candidates(name: str, candidates: tuple[Candidate, ...]) -> ModelOut:
    routes = [RouteOut(provider=c.provider.name, model=c.model, weight=1) for c in candidates]
    return ModelOut(
        name=name, routes=routes, strategy="fallback", price=_price_of(candidates), source="vendor"
    )


def _price_of(candidates: tuple[Candidate, ...]) -> Price | None:
    tariff = next((c.tariff for c in candidates if c.tariff is not None), None)
    prices = text_prices(tariff.base) if tariff else None
    return Price.model_validate(prices) if prices else None
