"""`x-ratelimit-*`: the state of the tightest requests and tokens limit, as both vendors tell it."""

from tollgate_common.tickets import LimitState

_REPORTED = ("requests", "tokens")


def rate_limit_headers(states: list[LimitState]) -> list[tuple[str, str]]:
    """Limit, remaining and seconds until reset, for each metric that is limited."""
    headers: list[tuple[str, str]] = []
    for metric in _REPORTED:
        of_metric = [state for state in states if state.reservation.metric == metric]
        if not of_metric:
            continue
        tightest = min(of_metric, key=lambda state: state.remaining)
        headers.append((f"x-ratelimit-limit-{metric}", str(tightest.reservation.max)))
        headers.append((f"x-ratelimit-remaining-{metric}", str(max(0, tightest.remaining))))
        if tightest.reset_ms is not None:
            reset = f"{tightest.reset_ms / 1000:.3f}s"
            headers.append((f"x-ratelimit-reset-{metric}", reset))
    return headers
