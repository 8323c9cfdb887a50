"""Refusals by a limit: 429 that names the limit, what is left, and when it resets."""

import math
from typing import ClassVar

from tollgate_common.errors import TollgateError
from tollgate_common.money import usd_text
from tollgate_common.principal import Limit
from tollgate_gateway.tickets.headers import REPORTED, told

SPENT_WINDOWS = frozenset({"day", "month", "total"})


class LimitExceeded(TollgateError):
    """A budget that waiting a little does not refill is `insufficient_quota`, which SDKs do not
    retry; anything else is `rate_limit_exceeded` with the time to wait."""

    status: ClassVar[int] = 429
    code: ClassVar[str] = "rate_limit_exceeded"

    def __init__(self, limit: Limit, remaining: int, reset_ms: int | None) -> None:
        spent = limit.window in SPENT_WINDOWS and limit.metric != "concurrency"
        left = usd_text(remaining) if limit.metric == "cost_usd" else str(remaining)
        wait = f"It resets in {_seconds(reset_ms)} s." if reset_ms is not None else ""
        super().__init__(
            f"Limit {limit.id} reached: {limit.max} {limit.metric} per {limit.window} for this "
            f"{limit.subject.kind}, {left} left, not enough for this request. {wait}".rstrip(),
            code="insufficient_quota" if spent else None,
        )
        self.headers["x-tollgate-limit"] = limit.id
        if limit.metric in REPORTED:
            self.headers |= dict(told(limit.metric, int(limit.max), remaining, reset_ms))
        if spent:
            self.headers["x-should-retry"] = "false"
        if limit.metric == "concurrency":
            self.headers["retry-after"] = "1"
        elif reset_ms is not None:
            self.headers["retry-after"] = str(_seconds(reset_ms))


def _seconds(milliseconds: int) -> int:
    return max(1, math.ceil(milliseconds / 1000))
