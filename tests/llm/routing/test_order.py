"""The order in which routes are asked."""

from collections import Counter
from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from tollgate_llm.providers.kinds import Provider
from tollgate_llm.routing.models import Candidate, Strategy
from tollgate_llm.routing.order import ordered

BOX = Provider(name="p", kind="openai", base_url="http://x", api_key="", source="platform")
A, B, C = (Candidate(BOX, name, None, weight) for name, weight in (("a", 1), ("b", 3), ("c", 6)))
ROUTES = (A, B, C)


def unknown(_: Candidate) -> float | None:
    return None


def test_fallback_keeps_the_order() -> None:
    assert ordered("fallback", ROUTES, unknown) == ROUTES


def test_weighted_puts_each_first_as_often_as_its_weight_has_it() -> None:
    first = Counter(ordered("weighted", ROUTES, unknown)[0].model for _ in range(20_000))
    for name, share in (("a", 0.1), ("b", 0.3), ("c", 0.6)):
        assert abs(first[name] / 20_000 - share) < 0.03
    assert sorted(ordered("weighted", ROUTES, unknown), key=id) == sorted(ROUTES, key=id)


def test_least_latency_asks_the_quickest_and_first_those_it_does_not_know() -> None:
    known = {"a": 0.9, "b": 0.2}
    found = ordered("least_latency", ROUTES, lambda route: known.get(route.model))
    assert [route.model for route in found] == ["c", "b", "a"]


KEYS = [f"session {number}" for number in range(20_000)]


def first(strategy: Strategy, routes: Sequence[Candidate], key: str) -> str:
    return ordered(strategy, routes, unknown, key)[0].model


def test_an_affinity_key_does_not_change_the_order_of_fallback() -> None:
    assert ordered("fallback", ROUTES, unknown, "session") == ROUTES


@pytest.mark.parametrize("strategy", ["weighted", "least_latency"])
def test_a_key_has_one_order_however_the_routes_come(strategy: Strategy) -> None:
    latency = {"a": 0.9, "b": 0.2, "c": 0.5}
    for key in KEYS[:200]:
        order = ordered(strategy, ROUTES, unknown, key)
        turned = ordered(strategy, ROUTES[::-1], lambda route: latency[route.model], key)
        assert order == turned
        assert sorted(order, key=id) == sorted(ROUTES, key=id)


@pytest.mark.parametrize(
    ("strategy", "shares"),
    [("weighted", (0.1, 0.3, 0.6)), ("least_latency", (1 / 3, 1 / 3, 1 / 3))],
)
def test_keys_are_shared_out_by_the_weights(strategy: Strategy, shares: tuple[float, ...]) -> None:
    counts = Counter(first(strategy, ROUTES, key) for key in KEYS)
    for name, share in zip("abc", shares, strict=True):
        assert abs(counts[name] / len(KEYS) - share) < 0.015


@pytest.mark.parametrize("strategy", ["weighted", "least_latency"])
@pytest.mark.parametrize("gone", ROUTES)
def test_a_route_that_goes_moves_its_own_keys_only(strategy: Strategy, gone: Candidate) -> None:
    """And each to the route that was its next before."""
    rest = [route for route in ROUTES if route is not gone]
    for key in KEYS[:3000]:
        order = ordered(strategy, ROUTES, unknown, key)
        assert ordered(strategy, rest, unknown, key) == [
            route for route in order if route is not gone
        ]


def test_a_weight_that_grows_draws_keys_and_sends_none_away() -> None:
    heavier = (replace(A, weight=5), B, C)
    moved = 0
    for key in KEYS:
        before, after = first("weighted", ROUTES, key), first("weighted", heavier, key)
        moved += before != after
        assert before == after or after == "a"
    assert abs(moved / len(KEYS) - (5 / 14 - 1 / 10)) < 0.015


def test_the_choice_is_the_same_in_every_version() -> None:
    """A release must not move the sessions that are under way."""
    chosen = "".join(first("weighted", ROUTES, key) for key in KEYS[:30])
    assert chosen == "baccbbcbcbbbcbbbccbacccccbcccc"
