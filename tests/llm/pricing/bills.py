"""Bills of vendors' documents, reckoned by the code: read as the route reads them, then priced."""

import json
from typing import Any

from tollgate_llm.inference.billing import Billing
from tollgate_llm.inference.protocols import MESSAGES, Protocol
from tollgate_llm.metering.meter import Meter
from tollgate_llm.metering.usage import Usage
from tollgate_llm.pricing.price_list import PriceList
from tollgate_llm.pricing.rating import Bill, Possible
from tollgate_llm.pricing.tariffs import Tariff
from tollgate_llm.providers.kinds import Provider
from tollgate_llm.routing.models import Candidate

PRICES = PriceList()
BILLING = Billing(PRICES)
SOMEWHERE = "https://provider.example/v1"


def route(
    vendor: str, model: str, base_url: str = SOMEWHERE, own: Tariff | None = None
) -> Candidate:
    provider = Provider(
        name="p", kind="openai", base_url=base_url, api_key="k", source="organisation"
    )
    tariff = own or PRICES.find(vendor, model)
    return Candidate(provider, model, tariff, vendor=vendor, has_own_price=own is not None)


def read(protocol: Protocol, document: Any) -> Usage:
    usage = protocol.read(json.dumps(document).encode())
    assert usage is not None
    return usage


def bill_of(
    vendor: str,
    model: str,
    protocol: Protocol,
    document: Any,
    *,
    base_url: str = SOMEWHERE,
    possible: Possible | None = None,
) -> Bill:
    """Return the bill of a whole answer that a vendor's model has given."""
    return BILLING.bill(route(vendor, model, base_url), read(protocol, document), possible)


def streamed(*events: dict[str, Any]) -> Usage:
    """Return what the events of a stream of messages say was used."""
    assert MESSAGES.grammar is not None
    meter = Meter(MESSAGES.grammar, hide_usage=False)
    for event in events:
        meter.feed(b"data: " + json.dumps(event).encode() + b"\n\n")
    assert meter.usage is not None
    return meter.usage


def kinds(bill: Bill) -> list[tuple[str, str, int | float]]:
    """Return what is billed: model, kind and quantity of each line."""
    return [(line.model, line.kind, line.quantity) for line in bill.lines]
