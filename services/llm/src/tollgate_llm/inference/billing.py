"""What an answer is billed: the rules of pricing, applied to the route that it came by."""

import math
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from cachetools import TTLCache

from tollgate_common.usage_lines import Factor
from tollgate_llm.metering.usage import Measure, Usage
from tollgate_llm.pricing import maxima
from tollgate_llm.pricing.price_list import (
    ANTHROPIC,
    MAX_REMEMBERED,
    OPENAI,
    REMEMBER_SECONDS,
    Conditions,
    PriceList,
)
from tollgate_llm.pricing.rating import Bill, ModelTerms, Possible, bill
from tollgate_llm.pricing.tariffs import Tariff, plain, sandbox_tariff
from tollgate_llm.routing.models import Candidate
from tollgate_llm.routing.service import SANDBOX_NAMES

GEOGRAPHY = "inference_geo"


class Billing:
    """Bills answers. What is asked of it needs no look-up outside the process."""

    def __init__(self, prices: PriceList) -> None:
        self._prices = prices
        self._known: TTLCache[Any, ModelTerms] = TTLCache(MAX_REMEMBERED, REMEMBER_SECONDS)

    def bill(self, route: Candidate, usage: Usage, possible: Possible | None = None) -> Bill:
        """Return the bill of an answer that came by this route."""

        def terms_of(model: str | None, usage: Usage) -> tuple[str, ModelTerms]:
            return self._terms(route, model, usage)

        return bill(usage, terms_of, possible)

    def tariff(self, route: Candidate, conditions: Conditions) -> Tariff | None:
        """Return what the route's model costs under conditions; None where the list has no price
        for them. A price of the organisation's own holds under all."""
        if route.has_own_price or not conditions:
            return route.tariff
        if self._are_unheard_of(route, route.model, conditions):
            return None
        return self._prices.find(route.vendor, route.model, conditions) or route.tariff

    def fee(self, route: Candidate, measure: Measure) -> Decimal | None:
        """Return what one piece of a measure costs by this route, None where nobody knows."""
        listed = route.tariff.base.of(measure) if route.tariff else None
        if listed is None:
            listed = self._prices.overlay.fees(route.vendor).get(measure)
        return listed

    def highest_factor(self, route: Candidate) -> Decimal:
        """Return the most that the price of the route's tokens can be multiplied by, whatever the
        answer turns out to say of where it was made: a default of the vendor's may decide that."""
        if route.has_own_price:
            return Decimal(1)
        host = urlsplit(route.provider.base_url).hostname or ""
        entries = self._prices.overlay.possible_factors(route.vendor, route.model, host)
        factors = (max(Decimal(1), entry.factor) for entry in entries)
        return math.prod(factors, start=Decimal(1))

    def _terms(self, route: Candidate, model: str | None, usage: Usage) -> tuple[str, ModelTerms]:
        """Return the terms of one model of an answer. The model that was asked is billed as the
        one that the answer names, where the list knows that."""
        name = model or usage.model or route.model
        is_own = model is None and route.has_own_price
        key = (route.provider.base_url, route.vendor, route.model, name, usage.conditions, is_own)
        terms = self._known.get(key)
        if terms is None:
            terms = self._look_up(route, model, name, usage.conditions)
            self._known[key] = terms
        if is_own:
            terms = terms._replace(tariff=route.tariff)
        return name, terms

    def _look_up(
        self, route: Candidate, model: str | None, name: str, conditions: Conditions
    ) -> ModelTerms:
        vendor, prices = route.vendor, self._prices
        listed = self._listed(vendor, name, conditions)
        is_own = model is None and route.has_own_price
        if listed is None and model is None:
            listed = self.tariff(route, conditions) or route.tariff
        return ModelTerms(
            tariff=listed,
            fees=prices.overlay.fees(vendor),
            factors=() if is_own else self._factors(route, name, conditions),
            minima=prices.overlay.minima(vendor, name),
            context=self._context(vendor, name),
            unheard_of=not is_own and self._are_unheard_of(route, name, conditions),
        )

    def _listed(self, vendor: str, name: str, conditions: Conditions) -> Tariff | None:
        if vendor != SANDBOX_NAMES:
            return self._prices.find(vendor, name, conditions)
        return sandbox_tariff(name) if name.startswith(SANDBOX_NAMES) else None

    def _factors(self, route: Candidate, name: str, conditions: Conditions) -> tuple[Factor, ...]:
        host = urlsplit(route.provider.base_url).hostname or ""
        entries = self._prices.overlay.factors(route.vendor, name, host, dict(conditions))
        return tuple(Factor(entry.name, plain(entry.factor)) for entry in entries)

    def _are_unheard_of(self, route: Candidate, name: str, conditions: Conditions) -> bool:
        """Return whether nobody says what one of the conditions does to the price: a way to be
        processed that the list does not know, or a place that the overlay does not."""
        if self._prices.unheard_of(route.vendor, name, conditions):
            return True
        host = urlsplit(route.provider.base_url).hostname or ""
        entries = self._prices.overlay.factors(route.vendor, name, host, dict(conditions))
        known = {pair for entry in entries for pair in entry.condition.items()}
        return any(pair[0] == GEOGRAPHY and pair not in known for pair in conditions)

    def _context(self, vendor: str, name: str) -> int | None:
        vendors = (OPENAI, ANTHROPIC) if vendor == SANDBOX_NAMES else (vendor,)
        contexts = (self._prices.context(each, name) for each in vendors)
        found = maxima.of_everything(name, next(filter(None, contexts), None))
        return found or (maxima.SANDBOX_CONTEXT if vendor == SANDBOX_NAMES else None)
