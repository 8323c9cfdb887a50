"""The readers against the sandbox: what is read from each shape of usage, and billed, is what the
sandbox's own log has billed, which it reckons from the request and the answer alone."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tollgate_llm.inference.billing import Billing
from tollgate_llm.inference.protocols import CHAT, MESSAGES, RESPONSES, Protocol
from tollgate_llm.metering.meter import Meter
from tollgate_llm.metering.usage import Usage
from tollgate_llm.pricing.price_list import PriceList
from tollgate_llm.pricing.rating import Bill
from tollgate_llm.pricing.tariffs import sandbox_tariff
from tollgate_llm.providers.kinds import Provider
from tollgate_llm.routing.models import Candidate
from tollgate_llm.sandbox.app import create_app
from tollgate_llm.sandbox.settings import SandboxSettings
from tollgate_llm.sandbox.specials import Special

TEXT = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
SAID = [{"role": "user", "content": TEXT}]
BODIES: dict[str, dict[str, Any]] = {
    CHAT.path: {"messages": SAID},
    RESPONSES.path: {"input": TEXT},
    MESSAGES.path: {"messages": SAID, "max_tokens": 99},
}
HEADERS = {
    "authorization": "Bearer any",
    "anthropic-version": "2023-06-01",
    "x-client-request-id": "the-call",
}
PROVIDER = Provider(
    name="sandbox", kind="sandbox", base_url="http://127.0.0.1:1", api_key="", source="platform"
)
READABLE = [
    special
    for special in Special
    if special and not special.startswith("sandbox-garbled") and special is not Special.ABSURD
]


@pytest.fixture
def sandbox(tmp_path: Path) -> FlaskClient:
    return create_app(SandboxSettings(served_log=tmp_path / "served")).test_client()


def reported(sandbox: FlaskClient, protocol: Protocol, model: str, stream: bool) -> Usage | None:
    body = {"model": model, **BODIES[protocol.path], "stream": stream}
    if stream and protocol is CHAT:
        body["stream_options"] = {"include_usage": True}
    answer = sandbox.post(protocol.path, json=body, headers=HEADERS)
    assert answer.status_code == 200
    if not stream:
        return protocol.read(answer.data)
    assert protocol.grammar is not None
    meter = Meter(protocol.grammar, hide_usage=False)
    meter.feed(answer.data)
    meter.finish()
    return meter.usage


def billed(model: str, usage: Usage) -> Bill:
    tariff = sandbox_tariff(model)
    route = Candidate(PROVIDER, model, tariff, vendor="sandbox")
    return Billing(PriceList()).bill(route, usage)


def log_of(sandbox: FlaskClient) -> Mapping[str, Any]:
    (line,) = sandbox.get("/served").json["data"]  # type: ignore[index]
    return line  # type: ignore[no-any-return]


@pytest.mark.parametrize("protocol", [CHAT, RESPONSES, MESSAGES], ids=lambda p: p.path)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("special", READABLE)
def test_what_is_read_and_billed_is_what_the_sandbox_has_billed(
    sandbox: FlaskClient, special: Special, protocol: Protocol, stream: bool
) -> None:
    usage = reported(sandbox, protocol, special, stream)
    assert usage is not None
    made, line = billed(special, usage), log_of(sandbox)
    sums: Counter[tuple[str, str]] = Counter()
    for each in made.lines:
        sums[each.model, each.kind] += int(each.quantity)
    assert sums == {(each["model"], each["kind"]): each["quantity"] for each in line["billed"]}
    assert (usage.input_tokens, usage.output_tokens) == (
        line["input_tokens"],
        line["output_tokens"],
    )
    assert made.is_unpriced is (special is Special.UNPRICED)
    assert made.is_exact
    assert not made.is_capped


@pytest.mark.parametrize("protocol", [CHAT, RESPONSES, MESSAGES], ids=lambda p: p.path)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_what_is_absurd_is_capped(sandbox: FlaskClient, protocol: Protocol, stream: bool) -> None:
    usage = reported(sandbox, protocol, Special.ABSURD, stream)
    assert usage is not None
    assert billed(Special.ABSURD, usage).is_capped


@pytest.mark.parametrize("protocol", [CHAT, RESPONSES, MESSAGES], ids=lambda p: p.path)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("special", [s for s in Special if s.startswith("sandbox-garbled")])
def test_what_is_garbled_is_unknown(
    sandbox: FlaskClient, special: Special, protocol: Protocol, stream: bool
) -> None:
    assert reported(sandbox, protocol, special, stream) is None


def test_a_place_multiplies_the_price(sandbox: FlaskClient) -> None:
    usage = reported(sandbox, MESSAGES, Special.GEO, stream=False)
    assert usage is not None
    made = billed(Special.GEO, usage)
    factors = [(each.name, each.factor) for line in made.lines for each in line.factors]
    assert factors == [("inference_geo:us", "1.1")] * 2
    assert made.cost_nanos == (15 * 1_000 + 15 * 2_000) * 11 // 10
