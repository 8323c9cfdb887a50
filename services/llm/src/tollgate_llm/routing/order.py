"""In which order a model's routes are asked."""

import random
from collections.abc import Callable, Sequence

from tollgate_llm.routing.models import Candidate, Strategy

Seconds = Callable[[Candidate], float | None]


def ordered(
    strategy: Strategy, routes: Sequence[Candidate], seconds: Seconds
) -> Sequence[Candidate]:
    """`fallback`: as they are set up. `weighted`: by lot, each as often first as its weight has
    it. `least_latency`: the quickest to answer lately first, those not yet tried before them."""
    if len(routes) == 1 or strategy == "fallback":
        return routes
    if strategy == "weighted":
        # Each draws from an exponential distribution of its own rate: the least comes first.
        return sorted(routes, key=lambda route: random.expovariate(route.weight))
    return sorted(routes, key=lambda route: seconds(route) or 0.0)
