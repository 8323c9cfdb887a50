"""The order in which routes are asked."""

from collections import Counter

from tollgate_llm.providers.kinds import Provider
from tollgate_llm.routing.models import Candidate
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
