"""`GET /v1/models` in either vendor's shape, and what the gateway asks about a model.

Nobody's price list says when a model was made, so both shapes give the epoch, which Anthropic's
documentation has for "unknown".
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from flask import Flask, Request, Response, current_app, request

from tollgate_common.errors import BadRequest, dialects
from tollgate_common.guard import current_caller, requires
from tollgate_llm.catalog.errors import ModelNotFound
from tollgate_llm.inference.billing import Billing
from tollgate_llm.metering.usage import FEES
from tollgate_llm.pricing import maxima
from tollgate_llm.pricing.price_list import ANTHROPIC, OPENAI, Conditions
from tollgate_llm.pricing.tariffs import (
    KINDS,
    Tariff,
    highest_input,
    highest_output,
    mtok_text,
    plain,
)
from tollgate_llm.routing.models import Candidate
from tollgate_llm.routing.service import SANDBOX_NAMES, Router

EXTENSION, BILLING = "router", "billing"
UNKNOWN_TIME = "1970-01-01T00:00:00Z"
PAGE, LARGEST_PAGE = 20, 1000


def register(app: Flask, router: Router, billing: Billing) -> None:
    app.extensions[EXTENSION] = router
    app.extensions[BILLING] = billing
    app.add_url_rule("/v1/models", view_func=models)
    app.add_url_rule("/v1/models/<path:name>", view_func=model)
    app.add_url_rule("/internal/v1/models/<path:name>", view_func=facts)


@requires("inference")
def models() -> Response:
    """Every model that this caller's organisation can call, in this caller's mode."""
    caller = current_caller()
    router = _router()
    owners = {
        name: router.candidates(caller.org, caller.mode, name)[0].provider.name
        for name in sorted(router.names(caller.org, caller.mode))
    }
    if _wants_anthropic():
        return _json(_anthropic_page(list(owners), request))
    data = [_openai(name, owner) for name, owner in owners.items()]
    return _json({"object": "list", "data": data})


@requires("inference")
def model(name: str) -> Response:
    """One model; also those names that are known without being listed."""
    caller = current_caller()
    owner = _router().candidates(caller.org, caller.mode, name)[0].provider.name
    return _json(_anthropic(name) if _wants_anthropic() else _openai(name, owner))


@requires("inference")
def facts(name: str) -> Response:
    """What bounds a request's cost: the highest price that may apply to it, processed in the usual
    way or in that of `tier`; the most that its vendor publishes, or the organisation states, that
    it makes, hears and reads; null: nobody knows. And of each `other` model that the same providers
    may ask beside it: its price, and the most that it reads."""
    caller = current_caller()
    candidates = _router().candidates(caller.org, caller.mode, name)
    own = _router().own(caller.org, name)
    stated = maxima.stated(own.max_input_tokens, own.max_output_tokens) if own else maxima.NONE
    tier = request.args.get("tier")
    most = maxima.supplemented(maxima.highest([_maxima(c) for c in candidates]), stated)
    return _json({
        "max_output_tokens": own.max_output_tokens if own else None,
        "price": _highest(candidates, tier),
        "fees": _fees(candidates),
        "media": most._asdict(),
        "reads": {
            "image": _most(_picture(c) for c in candidates),
            "context": _most(_router().context(c) for c in candidates),
            "stated": own.max_input_tokens if own else None,
        },
        "others": {
            other: _other(candidates, other, tier) for other in request.args.getlist("other")
        },
    })  # fmt: skip


def _other(candidates: Sequence[Candidate], model: str, tier: str | None) -> dict[str, Any]:
    """Return the facts of another model, by the name that the candidates' providers have for it. It
    is booked at the list price, whatever price the organisation set for the one that is asked."""
    others = [_router().beside(candidate, model) for candidate in candidates]
    return {
        "price": _highest(others, tier),
        "context": _most(_router().context(other) for other in others),
    }


def _highest(candidates: Sequence[Candidate], tier: str | None) -> dict[str, Any] | None:
    """Return the highest prices of whichever route answers, and from how many input tokens on which
    prices hold; None where a route has no price.

    A way that is cheaper than the usual one is bounded by that: the provider may not keep it."""
    billing: Billing = current_app.extensions[BILLING]
    known: list[tuple[Candidate, Conditions]] = [(each, ()) for each in candidates]
    known += [(each, _conditions(each, tier)) for each in candidates if tier]
    tariffs = []
    for candidate, conditions in known:
        tariff = billing.tariff(candidate, conditions)
        if tariff is None:
            return None
        tariffs.append(tariff.times(billing.highest_factor(candidate)))
    starts = sorted({0, *(start for tariff in tariffs for start, _ in tariff.tiers)})
    tiers = [{"above": start, **_highest_at(tariffs, start)} for start in starts]
    return {**_highest_at(tariffs, *starts), "tiers": tiers}


def _highest_at(tariffs: Sequence[Tariff], *starts: int) -> dict[str, str]:
    """Return the highest prices of a request of just more than so many input tokens."""
    prices = [tariff.at(start + 1) for tariff in tariffs for start in starts]
    return {
        "input_usd_per_mtok": mtok_text(max(map(highest_input, prices))),
        "output_usd_per_mtok": mtok_text(max(map(highest_output, prices))),
    }


def _fees(candidates: Sequence[Candidate]) -> dict[str, str]:
    """Return the highest price of whichever route answers of what is charged by the piece, by the
    kind of its line; without those that a route has no price for, but for the call's own."""
    billing: Billing = current_app.extensions[BILLING]
    fees: dict[str, str] = {}
    for measure in sorted(FEES):
        prices = [billing.fee(candidate, measure) for candidate in candidates]
        known = [price for price in prices if price is not None]
        if known and (len(known) == len(prices) or measure == "requests"):
            fees[KINDS[measure]] = plain(max(known))
    return fees


def _conditions(candidate: Candidate, tier: str) -> Conditions:
    """Return what a request's `service_tier`, `speed` and `inference_geo` (joined by `+`) mean to
    the candidate's vendor."""
    if candidate.vendor != ANTHROPIC:
        return tuple(("service_tier", value) for value in tier.split("+"))
    return tuple(
        ("speed" if value == "fast" else "inference_geo", value) for value in tier.split("+")
    )


def _most(of_each: Iterable[int | None]) -> int | None:
    """What holds for whichever of them answers."""
    found = list(of_each)
    return None if None in found else max(filter(None, found), default=None)


def _picture(candidate: Candidate) -> int | None:
    """The most tokens of one that it is shown."""
    known = maxima.of_a_picture(candidate.model)
    if _router().vendor(candidate.provider) == SANDBOX_NAMES:
        return known or maxima.SANDBOX_IMAGE
    return known


def _maxima(candidate: Candidate) -> maxima.Maxima:
    """The sandbox answers in test mode for every model, and keeps within what that publishes."""
    vendor = _router().vendor(candidate.provider)
    if vendor == SANDBOX_NAMES and candidate.model.startswith(SANDBOX_NAMES):
        return maxima.SANDBOX
    return maxima.published(candidate.model) if vendor in (OPENAI, SANDBOX_NAMES) else maxima.NONE


def _router() -> Router:
    router: Router = current_app.extensions[EXTENSION]
    return router


def _wants_anthropic() -> bool:
    dialect = dialects.dialect_of(request.path, request.headers.get("anthropic-version"))
    return dialect == "anthropic"


def _openai(name: str, owner: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": owner}


def _anthropic(name: str) -> dict[str, Any]:
    return {"type": "model", "id": name, "display_name": name, "created_at": UNKNOWN_TIME}


def _anthropic_page(names: list[str], asked: Request) -> dict[str, Any]:
    """A page as Anthropic has them: `limit`, and `after_id` or `before_id`."""
    size = asked.args.get("limit", str(PAGE))
    if not size.isascii() or not size.isdigit() or not 1 <= int(size[:5]) <= LARGEST_PAGE:
        raise BadRequest(f"limit: a number from 1 to {LARGEST_PAGE}.", param="limit")
    after, before = asked.args.get("after_id"), asked.args.get("before_id")
    rest = names
    if after is not None:
        rest = names[_place(names, after) + 1 :]
    elif before is not None:
        rest = names[: _place(names, before)]
    page = rest[-int(size) :] if before is not None and after is None else rest[: int(size)]
    return {
        "data": [_anthropic(name) for name in page],
        "has_more": len(rest) > len(page),
        "first_id": page[0] if page else None,
        "last_id": page[-1] if page else None,
    }


def _place(names: list[str], name: str) -> int:
    try:
        return names.index(name)
    except ValueError:
        raise ModelNotFound(name) from None


def _json(payload: dict[str, Any]) -> Response:
    return Response(msgspec.json.encode(payload), content_type="application/json")
