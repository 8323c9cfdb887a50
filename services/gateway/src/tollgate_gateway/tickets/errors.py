"""Refusals by a limit: 429 that names the limit, what is left, and when it resets; 400 for a
request that no limit can count."""

import math
from decimal import Decimal
from typing import ClassVar

from tollgate_common.errors import BadRequest, TollgateError
from tollgate_common.money import usd_text
from tollgate_common.principal import Limit
from tollgate_gateway.tickets.headers import REPORTED, told

SPENT_WINDOWS = frozenset({"day", "month", "total"})


class LimitRefusal(TollgateError):
    """What every refusal by a limit has: its id, and what is left of it where SDKs look for that.
    `reset_ms` is the time until the request would pass; None: it never will by waiting."""

    status: ClassVar[int] = 429

    def __init__(
        self, detail: str, limit: Limit, remaining: int, reset_ms: int | None, code: str | None
    ) -> None:
        super().__init__(detail.rstrip(), code=code)
        self.headers["x-tollgate-limit"] = limit.id
        if limit.metric in REPORTED:
            self.headers |= dict(told(limit.metric, int(limit.max), remaining, reset_ms))


class LimitExceeded(LimitRefusal):
    """A budget that waiting a little does not refill is `insufficient_quota`, which SDKs do not
    retry; anything else is `rate_limit_exceeded` with the time to wait."""

    code: ClassVar[str] = "rate_limit_exceeded"

    def __init__(self, limit: Limit, remaining: int, reset_ms: int | None) -> None:
        spent = limit.window in SPENT_WINDOWS and limit.metric != "concurrency"
        left = usd_text(remaining) if limit.metric == "cost_usd" else str(remaining)
        wait = f"It resets in {_seconds(reset_ms)} s." if reset_ms is not None else ""
        super().__init__(
            f"Limit {limit.id} reached: {_described(limit)}, {left} left, not enough for this "
            f"request. {wait}",
            limit,
            remaining,
            reset_ms,
            "insufficient_quota" if spent else None,
        )
        if spent:
            self.headers["x-should-retry"] = "false"
        if limit.metric == "concurrency":
            self.headers["retry-after"] = "1"
        elif reset_ms is not None:
            self.headers["retry-after"] = str(_seconds(reset_ms))


class LimitTooSmall(LimitRefusal):
    """The request is more than the whole limit, which no wait changes. SDKs do not retry it."""

    code: ClassVar[str] = "limit_too_small"

    def __init__(self, limit: Limit, remaining: int, amount: int) -> None:
        super().__init__(_too_small(limit, amount), limit, remaining, None, None)
        self.headers["x-should-retry"] = "false"


def _too_small(limit: Limit, amount: int) -> str:
    name = f"Limit {limit.id} ({_described(limit)})"
    if not Decimal(limit.max):
        return (
            f"{name} lets nothing pass, so waiting does not help: have it raised or deleted, or "
            "use what it does not bind."
        )
    most = f"${usd_text(amount)}" if limit.metric == "cost_usd" else f"{amount} {limit.metric}"
    return (
        f"{name} is smaller than this request, which may use up to {most}, so waiting does not "
        "help: shorten the request, lower its output cap, or have it raised."
    )


def _described(limit: Limit) -> str:
    return f"{limit.max} {limit.metric} per {limit.window} for this {limit.subject.kind}"


class UnboundedUse(BadRequest):
    """A limit on tokens or cost applies, and nothing bounds what the request may use."""

    code = "unbounded_request"

    def __init__(self, model: str, field: str = "") -> None:
        named = f" with `{field}` in it: leave that out" if field else ""
        super().__init__(
            f"A limit on tokens or cost applies, and nobody says how much a request like this to "
            f"`{model}` can use{named}. Or use a model with a published maximum, in a form that it "
            "covers, state your own model's with PUT /api/v1/models, or use a key without such a "
            "limit.",
            param=field.partition(":")[0] or "model",
        )


class UnboundedFee(BadRequest):
    """A cost limit applies, and the request does not say how often a tool may be used that the
    vendor charges for by the use."""

    code = "unbounded_request"

    def __init__(self, field: str) -> None:
        super().__init__(
            f"A limit on cost applies, and the vendor charges for each use of `{field}`: say how "
            "often it may be used (`max_uses` of the tool, or `max_tool_calls` of the request), "
            "leave it out, or use a key without such a limit.",
            param=field.partition(":")[0],
        )


class UnpricedFee(BadRequest):
    """A cost limit applies, and nobody knows what the vendor charges for a tool of the request, or
    for a model that it asks beside its own."""

    code = "unpriced_model"

    def __init__(self, field: str) -> None:
        super().__init__(
            f"A limit on cost applies, and nobody knows what the vendor charges for `{field}`: "
            "leave it out, or use a key without such a limit.",
            param=field.partition(":")[0],
        )


class UnpricedModel(BadRequest):
    """A cost limit applies and nobody knows what the model costs: it is not free, so it waits."""

    code = "unpriced_model"

    def __init__(self, model: str) -> None:
        super().__init__(
            f"`{model}` has no price as it is to be processed, and a cost limit applies: set one "
            "with PUT /api/v1/models, or ask for the usual `service_tier`, `speed` and "
            "`inference_geo`.",
            param="model",
        )


def _seconds(milliseconds: int) -> int:
    return max(1, math.ceil(milliseconds / 1000))
