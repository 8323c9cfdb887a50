"""From the name of a model to those who may answer for it, the best first.

In test mode that is the sandbox alone, at the model's own price; there every name of OpenAI's and
Anthropic's is known, whether or not a credential for them is. In live mode it is what the
organisation has set up for the name, else the providers whose vendor has a model of that name,
the organisation's own before the platform's, else the sandbox for its own names. A cloud has what
was deployed there, which no price list tells: it answers for what is routed to it.
"""

import time
from collections.abc import Iterable

from msgspec.structs import replace

from tollgate_llm.catalog.errors import ModelNotFound
from tollgate_llm.pricing import maxima
from tollgate_llm.pricing.price_list import ANTHROPIC, OPENAI, PriceList
from tollgate_llm.pricing.tariffs import Tariff, sandbox_tariff
from tollgate_llm.providers.kinds import Provider
from tollgate_llm.routing.models import Candidate, Model, Route, Snapshot, Strategy
from tollgate_llm.routing.snapshots import Snapshots

TEST = "test"
SANDBOX_NAMES = "sandbox"
REMEMBER_SECONDS = 60.0
REMEMBERED = 2_000


class Router:
    """`sandbox` is the platform's own: nothing an organisation sets up diverts test mode."""

    def __init__(self, snapshots: Snapshots, prices: PriceList, sandbox: Provider) -> None:
        self._snapshots = snapshots
        self._prices = prices
        self._sandbox = sandbox

    def candidates(self, org: str, mode: str, model: str) -> tuple[Candidate, ...]:
        """At least one; `ModelNotFound` else."""
        snapshot = self._snapshots.get(org)
        known = snapshot.found.get((mode, model))
        if known is not None and known[0] > time.monotonic():
            return known[1]
        found = self._find(snapshot, mode, model)
        if len(snapshot.found) >= REMEMBERED:
            snapshot.found.clear()
        snapshot.found[mode, model] = (time.monotonic() + REMEMBER_SECONDS, found)
        return found

    def own(self, org: str, model: str) -> Model | None:
        """What the organisation has set up under that name, whatever its case."""
        return self._snapshots.get(org).own(model)

    def strategy(self, org: str, model: str) -> Strategy:
        """How the candidates are to be ordered."""
        own = self.own(org, model)
        return own.strategy if own else "fallback"

    def names(self, org: str, mode: str) -> set[str]:
        """The models that can be called: the organisation's, its providers' and the sandbox's.
        More names are known than can be listed: versions and fine-tunes of these."""
        snapshot = self._snapshots.get(org)
        providers = snapshot.providers.values()
        vendors = {self.vendor(p) for p in providers if not p.is_cloud} - {SANDBOX_NAMES}
        if mode == TEST:
            vendors |= {OPENAI, ANTHROPIC}
        usable = {
            name
            for name, model in snapshot.models.items()
            if mode == TEST or any(route.provider in snapshot.providers for route in model.routes)
        }
        listed = {name for vendor in vendors for name in self._prices.names(vendor)}
        others = {name for name in listed | {SANDBOX_NAMES} if snapshot.own(name) is None}
        return usable | others

    def beside(self, candidate: Candidate, model: str) -> Candidate:
        """Return another model of the candidate's provider, at its list price."""
        tariff = self._listed(candidate.vendor, model)
        return replace(candidate, model=model, tariff=tariff, has_own_price=False)

    def context(self, candidate: Candidate) -> int | None:
        """The most tokens that it reads; None: nobody publishes it. The sandbox answers for every
        model, and reads no more than it says."""
        vendor, name = self.vendor(candidate.provider), candidate.model
        vendors = (OPENAI, ANTHROPIC) if vendor == SANDBOX_NAMES else (vendor,)
        contexts = (self._prices.context(each, name) for each in vendors)
        found = maxima.of_everything(name, next(filter(None, contexts), None))
        return found or (maxima.SANDBOX_CONTEXT if vendor == SANDBOX_NAMES else None)

    def _find(self, snapshot: Snapshot, mode: str, model: str) -> tuple[Candidate, ...]:
        own = snapshot.own(model)
        if mode == TEST:
            return self._in_test(snapshot, own, model)
        if own is not None:
            return self._routed(snapshot, own)
        return self._by_vendor(snapshot, model)

    def _in_test(self, snapshot: Snapshot, own: Model | None, model: str) -> tuple[Candidate, ...]:
        """A model that is routed to the sandbox keeps the sandbox's names, so that trouble can be
        rehearsed; any other keeps its own."""
        if own is None:
            vendor = self._vendor_in_test(snapshot, model)
            tariff = self._listed(vendor, model)
            return (Candidate(self._sandbox, model, tariff, vendor=vendor),)
        found: dict[str, Candidate] = {}
        for route in own.routes:
            vendor = self._vendor_at(snapshot, route)
            name = route.model if vendor == SANDBOX_NAMES else model
            tariff = own.tariff or self._listed(vendor, route.model)
            has_own_price = own.tariff is not None
            found.setdefault(
                name,
                Candidate(self._sandbox, name, tariff, route.weight, vendor, has_own_price),
            )
        return tuple(found.values())

    def _routed(self, snapshot: Snapshot, own: Model) -> tuple[Candidate, ...]:
        found = tuple(
            Candidate(
                provider,
                route.model,
                own.tariff or self._tariff(provider, route.model),
                route.weight,
                self.vendor(provider),
                own.tariff is not None,
            )
            for route in own.routes
            if (provider := snapshot.providers.get(route.provider)) is not None
        )
        if not found:
            names = ", ".join(f"`{route.provider}`" for route in own.routes)
            raise ModelNotFound(own.name, f" It is routed to {names}, which is not set up.")
        return found

    def _by_vendor(self, snapshot: Snapshot, model: str) -> tuple[Candidate, ...]:
        if model.startswith(SANDBOX_NAMES):
            provider = snapshot.providers.get(self._sandbox.name, self._sandbox)
            return (Candidate(provider, model, sandbox_tariff(model), vendor=SANDBOX_NAMES),)
        own_first = sorted(
            snapshot.providers.values(), key=lambda provider: provider.source == "platform"
        )
        for provider in own_first:
            if provider.kind == "sandbox" or provider.is_cloud:
                continue
            if self._prices.knows(self.vendor(provider), model):
                tariff = self._tariff(provider, model)
                return (Candidate(provider, model, tariff, vendor=self.vendor(provider)),)
        raise ModelNotFound(model, self._hint(model))

    def _hint(self, model: str) -> str:
        vendor = self._vendor_knowing((OPENAI, ANTHROPIC), model)
        return f" Set up a provider of the kind `{vendor}` for it." if vendor else ""

    def _vendor_in_test(self, snapshot: Snapshot, model: str) -> str:
        """Return whose price the sandbox's answer has; `ModelNotFound` where nobody has the
        model."""
        if model.startswith(SANDBOX_NAMES):
            return SANDBOX_NAMES
        vendors = [self.vendor(provider) for provider in snapshot.providers.values()]
        vendor = self._vendor_knowing((*vendors, OPENAI, ANTHROPIC), model)
        if vendor is None:
            raise ModelNotFound(model)
        return vendor

    def _listed(self, vendor: str, model: str) -> Tariff | None:
        if vendor == SANDBOX_NAMES:
            return sandbox_tariff(model)
        return self._prices.find(vendor, model)

    def _vendor_at(self, snapshot: Snapshot, route: Route) -> str:
        provider = snapshot.providers.get(route.provider)
        return self.vendor(provider) if provider else route.provider

    def _vendor_knowing(self, vendors: Iterable[str], model: str) -> str | None:
        return next((vendor for vendor in vendors if self._prices.knows(vendor, model)), None)

    def _tariff(self, provider: Provider, model: str) -> Tariff | None:
        return self._listed(self.vendor(provider), model)

    def vendor(self, provider: Provider) -> str:
        """Whose models and prices a provider has: by its address, else by its kind."""
        if provider.kind == "sandbox":
            return SANDBOX_NAMES
        return self._prices.vendor_of(provider.base_url) or provider.vendor
