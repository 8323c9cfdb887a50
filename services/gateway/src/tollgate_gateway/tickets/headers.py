"""`x-ratelimit-*`: the state of the tightest requests and tokens limit, as both vendors tell it."""

from tollgate_common.tickets import LimitState

REPORTED = ("requests", "tokens")


def rate_limit_headers(states: list[LimitState]) -> list[tuple[str, str]]:
    """Limit, remaining and seconds until reset, for each metric that is limited."""
    headers: list[tuple[str, str]] = []
    for metric in REPORTED:
        of_metric = [state for state in states if state.reservation.metric == metric]
        if of_metric:
            tightest = min(of_metric, key=lambda state: state.remaining)
            most = tightest.reservation.max
            headers += told(metric, most, tightest.remaining, tightest.reset_ms)
    return headers


def told(metric: str, most: int, left: int, reset_ms: int | None) -> list[tuple[str, str]]:
    """Of one limit; of one that has refused, `reset_ms` is when the request would pass."""
    headers = [
        (f"x-ratelimit-limit-{metric}", str(most)),
        (f"x-ratelimit-remaining-{metric}", str(max(0, left))),
    ]
    if reset_ms is not None:
        headers.append((f"x-ratelimit-reset-{metric}", f"{reset_ms / 1000:.3f}s"))
    return headers
