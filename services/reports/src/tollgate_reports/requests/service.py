"""Requests that have ended, as far as the caller may see them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, RowMapping

from tollgate_common.visibility import Visibility
from tollgate_reports.adjustments import repository as adjustments
from tollgate_reports.requests import repository
from tollgate_reports.requests.errors import UnknownRequest
from tollgate_reports.requests.schemas import RequestQuery, as_json, cursor_of, place_of, tags_of
from tollgate_reports.usage.periods import parse_period, zone_of
from tollgate_reports.visibility import filters_for

Page = tuple[list[dict[str, Any]], str | None]


class RequestService:
    """Reads the ledger."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list_page(
        self, visibility: Visibility, query: RequestQuery, limit: int, cursor: str | None
    ) -> Page:
        """A page of rows, and the cursor of the next one if there is more."""
        zone = zone_of(query.timezone)
        period = parse_period(query.period, zone) if query.period else None
        after = place_of(cursor) if cursor is not None else None
        visible = visibility.in_mode(query.mode)
        filters = {**filters_for(visible, query), **query.conditions()}
        tags = tags_of(query.tag) if query.tag is not None else {}
        with self._engine.connect() as connection:
            rows = repository.list_rows(
                connection, visible, filters, tags, period, after, limit + 1
            )
            shown = with_adjustments(connection, rows[:limit])
        return shown, cursor_of(rows[limit - 1]) if rows[limit:] else None

    def find(self, visibility: Visibility, identity: str) -> dict[str, Any]:
        """Return the row of a request id or of a ticket, else the newest that the caller has called
        so, of any mode that the caller sees."""
        with self._engine.connect() as connection:
            (shown,) = with_adjustments(connection, [row_of(connection, visibility, identity)])
            return shown


def with_adjustments(connection: Connection, rows: Sequence[RowMapping]) -> list[dict[str, Any]]:
    """The rows as the API shows them, each with what corrects it."""
    corrections: dict[UUID, list[RowMapping]] = {row["id"]: [] for row in rows}
    for adjustment in adjustments.list_rows(connection, corrections):
        corrections[adjustment["adjusts"]].append(adjustment)
    return [as_json(row, corrections[row["id"]]) for row in rows]


def row_of(connection: Connection, visibility: Visibility, identity: str) -> RowMapping:
    """As `find`, the row itself."""
    visible = visibility.in_any_mode()
    row = repository.find(connection, visible, identity, _ticket(identity))
    if row is None:
        raise UnknownRequest()
    return row


def _ticket(identity: str) -> UUID | None:
    try:
        return UUID(identity)
    except ValueError:
        return None
