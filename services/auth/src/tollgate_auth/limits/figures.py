"""How much of each limit is used: read from the counters that refuse by it.

With Redis away there are no figures; the policy is answered all the same.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from flask import Response
from redis import Redis
from redis.exceptions import RedisError

from tollgate_auth.fields import reply
from tollgate_auth.keys import repository as keys
from tollgate_auth.limits.amounts import COST, amount_text
from tollgate_auth.limits.models import LimitRow
from tollgate_auth.limits.schemas import Figures, LimitOut
from tollgate_common.logging import get_logger
from tollgate_common.metrics import dependency_failures
from tollgate_common.money import NANOS_PER_USD
from tollgate_common.principal import Limit, Subject, Window
from tollgate_common.tickets.counts import Count, LimitCounts
from tollgate_common.tickets.limits import counts_from, lasting_counters, reservation

DEFAULT_MODE = "live"
A_DAY = timedelta(days=1)

log = get_logger(__name__)


def shown(counts: LimitCounts, rows: Sequence[LimitRow], mode: str | None) -> list[dict[str, Any]]:
    """The limits as they are answered, of one organisation. Without a mode, a key's limits are
    shown in the key's own, all others in `live`."""
    modes = _modes(rows, mode)
    held = [reservation(row.org_id, modes[row.id], limit_of(row), 0) for row in rows]
    try:
        found: Sequence[Count | None] = counts.of(held)
    except RedisError as error:
        log.warning("limits_without_figures", error=type(error).__name__)
        dependency_failures.labels("redis").inc()
        found = [None] * len(rows)
    return [
        reply(LimitOut.of(row)) | reply(_figures(row, modes[row.id], count))
        for row, count in zip(rows, found, strict=True)
    ]


def forget(redis: Redis, org: str, limit_id: str, response: Response) -> Response:
    """After the commit: what would be kept for ever goes in a day, when no call that is running
    can count on it any more. With Redis away it stays."""
    if response.status_code == HTTPStatus.NO_CONTENT:
        try:
            for counter in lasting_counters(org, limit_id):
                redis.expire(counter, A_DAY)
        except RedisError as error:
            log.warning("counters_left_behind", limit=limit_id, error=type(error).__name__)
    return response


def _modes(rows: Sequence[LimitRow], mode: str | None) -> dict[str, str]:
    if mode is not None:
        return {row.id: mode for row in rows}
    of_key = keys.modes([row.subject_id for row in rows if row.subject_kind == "key"])
    return {row.id: of_key.get(row.subject_id, DEFAULT_MODE) for row in rows}


def limit_of(row: LimitRow) -> Limit:
    """The limit as the gateway counts on it."""
    return Limit(
        id=row.id,
        subject=Subject(row.subject_kind, row.subject_id),
        metric=row.metric,
        window=row.window,
        max=f"{row.max.normalize():f}",
        models=tuple(row.models),
        mode=row.mode,
        timezone=row.timezone,
        transition=Window(**row.transition) if row.transition else None,
    )


def _figures(row: LimitRow, mode: str, count: Count | None) -> Figures:
    now, metric = datetime.now(UTC), row.metric
    since = counts_from(limit_of(row), row.created_at, now)
    if count is None:
        return Figures(
            counted=mode,
            used=None,
            counts_from=since,
            reserved=None,
            remaining=None,
            resets_at=None,
        )
    wait = count.reset_ms
    resets_at = None if wait is None else now + timedelta(milliseconds=wait)
    return Figures(
        counted=mode,
        counts_from=since,
        used=_amount(metric, count.used),
        reserved=_amount(metric, count.reserved),
        remaining=_amount(metric, max(0, count.remaining)),
        resets_at=resets_at,
    )


def _amount(metric: str, units: int) -> str:
    return amount_text(metric, Decimal(units) / NANOS_PER_USD if metric == COST else Decimal(units))
