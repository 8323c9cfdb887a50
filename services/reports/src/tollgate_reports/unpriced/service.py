"""What was used without a price, so that somebody can set one. A price holds for requests to come;
what is booked stays as it is until it is adjusted."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from tollgate_common.visibility import Visibility
from tollgate_reports.unpriced import repository
from tollgate_reports.unpriced.schemas import UnpricedQuery, as_json, place_of
from tollgate_reports.usage.periods import Period, current_month, parse_period, zone_of
from tollgate_reports.visibility import filters_for

ROWS_MAX = 10_000


class UnpricedService:
    """Reads the ledger."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list_all(self, visibility: Visibility, query: UnpricedQuery) -> list[dict[str, Any]]:
        """Return what was used, by model, provider and kind; of the latest, ROWS_MAX at most."""
        zone = zone_of(query.timezone)
        period = (
            parse_period(query.period, zone)
            if query.period
            else current_month(datetime.now(UTC), zone)
        )
        visible = visibility.in_mode(query.mode)
        filters = filters_for(visible, query)
        if query.kind:
            filters["kind"] = query.kind
        with self._engine.connect() as connection:
            rows = repository.sums(connection, visible, period, filters, ROWS_MAX)
        return sorted(map(as_json, rows), key=place_of)

    def list_of_all(self, days: int) -> list[dict[str, Any]]:
        """Return what all organisations together used of late, for an operator."""
        now = datetime.now(UTC)
        with self._engine.connect() as connection:
            period = Period(now - timedelta(days=days), now)
            rows = repository.sums(connection, None, period, {}, ROWS_MAX)
        return sorted(map(as_json, rows), key=place_of)
