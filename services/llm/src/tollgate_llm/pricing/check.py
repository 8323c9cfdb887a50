"""`tollgate-llm prices check`: what a newer price list would change, and what is used without a
price."""

from collections.abc import Iterator
from typing import Any

import httpx2
import msgspec
from genai_prices.data_snapshot import DataSnapshot, get_snapshot
from genai_prices.update_prices import UpdatePrices

from tollgate_common.errors import DependencyDown
from tollgate_common.http import ControlClient, ServiceTokens
from tollgate_llm.pricing.comparison import price_changes
from tollgate_llm.settings import LlmSettings

AUDIENCE, SCOPE = "reports", "unpriced:read"
ANSWER_SECONDS = 60.0


class ListUnavailable(Exception):
    """The newer list could not be fetched or read; the message says why."""


def fetch_list(url: str) -> DataSnapshot:
    """Return the price list at an address; `ListUnavailable` when there is none."""
    try:
        snapshot = UpdatePrices(url=url).fetch()
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, KeyError, TypeError) as error:
        raise ListUnavailable(f"{url}: {type(error).__name__}: {error}") from None
    if snapshot is None:
        raise ListUnavailable(f"{url}: there is no list")
    return snapshot


def changed_prices(url: str) -> Iterator[str]:
    """Yield a line for each price that the list at an address would change."""
    return (change.line() for change in price_changes(get_snapshot(), fetch_list(url)))


def unpriced_usage(settings: LlmSettings, days: int) -> Iterator[str]:
    """Yield a line for each model, provider and kind that was used of late without a price.
    `DependencyDown` when auth or reports does not answer."""
    auth = ControlClient("auth", settings.auth_url)
    tokens = ServiceTokens(auth, "llm", settings.secret("service_client_secret"))
    reports = ControlClient("reports", settings.reports_url)
    answer = reports.request(
        "GET",
        "/internal/v1/unpriced",
        params={"days": str(days)},
        token=tokens.get(AUDIENCE, SCOPE),
        timeout=ANSWER_SECONDS,
    )
    if not answer.ok:
        raise DependencyDown("reports")
    rows: list[dict[str, Any]] = msgspec.json.decode(answer.content)["data"]
    for row in rows:
        yield (
            f"{row['provider']} {row['model']}: {row['quantity']} {row['unit']}s of {row['kind']} "
            f"in {row['requests']} requests, last at {row['last_seen']}"
        )
