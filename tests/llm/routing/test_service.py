"""Who answers for a model's name, in either mode."""

from decimal import Decimal
from typing import cast

import pytest

from tollgate_llm.catalog.errors import ModelNotFound
from tollgate_llm.pricing.price_list import PriceList
from tollgate_llm.pricing.tariffs import SANDBOX, Tariff, per_mtok
from tollgate_llm.providers.kinds import Kind, Provider
from tollgate_llm.routing.models import Candidate, Model, Route, Snapshot
from tollgate_llm.routing.service import Router
from tollgate_llm.routing.snapshots import Snapshots

OWN_PRICE = per_mtok(Decimal(1), Decimal(1))


def provider(name: str, kind: Kind, url: str = "http://x", own: bool = False) -> Provider:
    source = "organisation" if own else "platform"
    return Provider(name=name, kind=kind, base_url=url, api_key="k", source=source)  # type: ignore[arg-type]


BOX = provider("sandbox", "sandbox")


class Fixed:
    """Snapshots of one organisation that does not change."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    def get(self, _: str) -> Snapshot:
        return self.snapshot


@pytest.fixture(scope="module")
def prices() -> PriceList:
    return PriceList()


def routed(prices: PriceList, *providers: Provider, models: tuple[Model, ...] = ()) -> Router:
    found = {made.name: made for made in (BOX, *providers)}
    snapshot = Snapshot("org", found, {model.name: model for model in models})
    return Router(cast(Snapshots, Fixed(snapshot)), prices, BOX)


def model(name: str, *routes: Route, tariff: Tariff | None = None) -> Model:
    return Model(name, routes, "fallback", tariff)


@pytest.mark.parametrize("name", ["gpt-4o-mini", "claude-sonnet-4-5", "sandbox-cut"])
def test_in_test_mode_every_known_name_is_the_sandboxs(prices: PriceList, name: str) -> None:
    paid = provider("openai", "openai")
    (candidate,) = routed(prices, paid).candidates("org", "test", name)
    assert candidate.provider is BOX
    assert candidate.model == name


def test_in_test_mode_the_price_is_the_models_own(prices: PriceList) -> None:
    router = routed(prices, models=(model("mine", Route("openai", "gpt-4o-mini")),
                                    model("dear", Route("p", "m"), tariff=OWN_PRICE)))  # fmt: skip
    listed = prices.find("openai", "gpt-4o-mini")
    assert router.candidates("org", "test", "gpt-4o-mini")[0].tariff == listed
    assert router.candidates("org", "test", "mine")[0].tariff == listed
    assert router.candidates("org", "test", "dear")[0].tariff == OWN_PRICE
    assert router.candidates("org", "test", "sandbox-slow")[0].tariff == SANDBOX


def test_in_test_mode_trouble_can_be_rehearsed(prices: PriceList) -> None:
    routes = (Route("sandbox", "sandbox-error-500"), Route("openai", "gpt-4o-mini"))
    found = routed(prices, models=(model("mine", *routes),)).candidates("org", "test", "mine")
    assert [candidate.model for candidate in found] == ["sandbox-error-500", "mine"]
    assert {candidate.provider.name for candidate in found} == {"sandbox"}


def test_an_organisations_sandbox_cannot_divert_test_mode(prices: PriceList) -> None:
    paid = provider("sandbox", "openai", own=True)
    (candidate,) = routed(prices, paid).candidates("org", "test", "sandbox")
    assert candidate.provider is BOX


@pytest.mark.parametrize("mode", ["live", "test"])
@pytest.mark.parametrize("spelling", ["mine", "Mine", "MINE"])
def test_an_organisations_model_is_found_whatever_the_case_of_its_name(
    prices: PriceList, mode: str, spelling: str
) -> None:
    own = model("Mine", Route("sandbox", "sandbox-slow"), tariff=OWN_PRICE)
    router = routed(prices, models=(own,))
    (candidate,) = router.candidates("org", mode, spelling)
    assert (candidate.model, candidate.tariff) == ("sandbox-slow", OWN_PRICE)
    assert router.own("org", spelling) is own


def test_no_spelling_of_a_vendors_name_goes_past_what_is_set_up_for_it(prices: PriceList) -> None:
    dear = model("gpt-4o-mini", Route("sandbox", "sandbox"), tariff=OWN_PRICE)
    router = routed(prices, provider("openai", "openai"), models=(dear,))
    for spelling in ("gpt-4o-mini", "GPT-4o-mini"):
        assert router.candidates("org", "live", spelling)[0].tariff == OWN_PRICE
        assert router.strategy("org", spelling) == "fallback"


def test_of_two_whose_names_differ_by_case_the_exact_one_is_meant(prices: PriceList) -> None:
    small, large = (model(name, Route("sandbox", f"sandbox-{name}")) for name in ("m", "M"))
    router = routed(prices, models=(large, small))
    asked = {name: router.candidates("org", "live", name)[0].model for name in ("m", "M")}
    assert asked == {"m": "sandbox-m", "M": "sandbox-M"}


@pytest.mark.parametrize("mode", ["live", "test"])
def test_a_name_that_nobody_knows_is_not_found(prices: PriceList, mode: str) -> None:
    with pytest.raises(ModelNotFound):
        routed(prices, provider("openai", "openai")).candidates("org", mode, "no-such-model")


def test_in_live_mode_the_vendor_answers(prices: PriceList) -> None:
    router = routed(prices, provider("openai", "openai"), provider("anthropic", "anthropic"))
    assert router.candidates("org", "live", "gpt-4o-mini")[0].provider.name == "openai"
    assert router.candidates("org", "live", "claude-sonnet-4-5")[0].provider.name == "anthropic"
    assert router.candidates("org", "live", "sandbox")[0].provider is BOX


def test_an_organisations_provider_comes_before_the_platforms(prices: PriceList) -> None:
    router = routed(prices, provider("openai", "openai"), provider("z", "openai", own=True))
    assert router.candidates("org", "live", "gpt-4o-mini")[0].provider.name == "z"


def test_a_known_address_has_its_own_vendors_models(prices: PriceList) -> None:
    groq = provider("fast", "openai", "https://api.groq.com/openai/v1", own=True)
    name = prices.names("groq")[0]
    assert routed(prices, groq).candidates("org", "live", name)[0].provider is groq
    with pytest.raises(ModelNotFound):
        routed(prices, groq).candidates("org", "live", "gpt-4o-mini")


def test_routes_are_tried_in_their_order_and_those_without_provider_left_out(
    prices: PriceList,
) -> None:
    a, b = provider("a", "openai", own=True), provider("b", "anthropic", own=True)
    routes = (Route("b", "claude-sonnet-4-5"), Route("gone", "x"), Route("a", "unheard-of"))
    found = routed(prices, a, b, models=(model("m", *routes),)).candidates("org", "live", "m")
    assert [(c.provider.name, c.model) for c in found] == [
        ("b", "claude-sonnet-4-5"), ("a", "unheard-of")
    ]  # fmt: skip
    assert found[0].tariff == prices.find("anthropic", "claude-sonnet-4-5")
    assert found[1].tariff is None


def test_the_names_are_those_that_can_be_called(prices: PriceList) -> None:
    models = tuple(
        model(name, Route(provider_name, "x"))
        for name, provider_name in (
            ("mine", "openai"),
            ("broken", "gone"),
            ("GPT-4o", "gone"),
            ("GPT-4.1", "openai"),
        )
    )
    router = routed(prices, provider("openai", "openai"), models=models)
    live, test = router.names("org", "live"), router.names("org", "test")
    assert {"mine", "gpt-4o-mini", "sandbox"} <= live
    assert not {"broken", "claude-sonnet-4-5"} & live
    assert {"mine", "broken", "claude-sonnet-4-5"} <= test
    assert not {"GPT-4o", "gpt-4o", "gpt-4.1"} & live
    for name in live:
        assert router.candidates("org", "live", name)
    for name in test:
        assert router.candidates("org", "test", name)


@pytest.mark.parametrize(
    ("kind", "name", "context"),
    [
        ("openai", "gpt-4o", 128_000),
        ("openai", "gpt-unheard-of", None),
        ("anthropic", "claude-haiku-4-5", 200_000),
        ("anthropic", "claude-sonnet-4-5-20250929", 1_000_000),  # a beta's header grants it
        ("anthropic", "Claude-Sonnet-4-5-20250929", 1_000_000),
        ("openai", "GPT-4o", 128_000),
        ("sandbox", "gpt-4o", 128_000),
        ("sandbox", "sandbox", 16_000),
    ],
)
def test_a_model_reads_no_more_than_its_context(
    prices: PriceList, kind: Kind, name: str, context: int | None
) -> None:
    asked = Candidate(provider("p", kind), name, None)
    assert routed(prices).context(asked) == context
