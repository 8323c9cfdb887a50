"""In which order a model's routes are asked.

Providers cache prompts, each for itself: a conversation that stays at one of several equal routes
finds its beginning there. Calls of one affinity key therefore prefer the routes in one order, in
every process and without anything stored: rendezvous hashing, weighted where the routes are
(Schindelhauer and Schomaker, "Weighted distributed hash tables", 2005). A route that goes away
moves its own keys only, and each to the next in its order.
"""

import math
import random
from collections.abc import Callable, Sequence
from hashlib import blake2b

from tollgate_llm.routing.models import Candidate, Strategy

Seconds = Callable[[Candidate], float | None]
HASH_BITS = 53
"""As many as a float holds exactly."""


def ordered(
    strategy: Strategy,
    routes: Sequence[Candidate],
    seconds: Seconds,
    affinity_key: str | None = None,
) -> Sequence[Candidate]:
    """Return the routes, the one to ask first in front.

    `fallback` is the order in which they are set up, with an affinity key too. The other strategies
    give each key an order of its own: `weighted` by the weights, `least_latency` as if all were
    equal. Without a key, `weighted` draws lots, each route as often first as its weight has it, and
    `least_latency` asks the quickest to answer lately first, those not yet tried before them.
    """
    if len(routes) == 1 or strategy == "fallback":
        return routes
    if affinity_key is not None:
        weighs = strategy == "weighted"
        return sorted(
            routes, key=lambda route: _distance(affinity_key, route, route.weight if weighs else 1)
        )
    if strategy == "weighted":
        # Each draws from an exponential distribution of its own rate: the least comes first.
        return sorted(routes, key=lambda route: random.expovariate(route.weight))
    return sorted(routes, key=lambda route: seconds(route) or 0.0)


def _distance(affinity_key: str, route: Candidate, weight: int) -> float:
    """Return how far a key is from a route: the same lot as `weighted` draws, but drawn by a hash
    of the two."""
    pair = "\0".join((route.provider.name, route.model, affinity_key))
    digest = blake2b(pair.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    drawn = (int.from_bytes(digest) >> (64 - HASH_BITS)) + 0.5
    return -math.log(drawn / 2**HASH_BITS) / weight
