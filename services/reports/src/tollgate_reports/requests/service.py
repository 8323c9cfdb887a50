"""Requests that have ended, as far as the caller may see them."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, RowMapping

from tollgate_common.guard import Caller
from tollgate_reports.requests import repository
from tollgate_reports.requests.errors import UnknownRequest
from tollgate_reports.requests.schemas import RequestQuery, as_json, cursor_of, place_of, tags_of
from tollgate_reports.usage.periods import parse_period, zone_of
from tollgate_reports.visibility import Filters, filters_for

Page = tuple[list[dict[str, Any]], str | None]


class RequestService:
    """Reads the ledger."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list_page(
        self, caller: Caller, query: RequestQuery, limit: int, cursor: str | None
    ) -> Page:
        """A page of rows, and the cursor of the next one if there is more."""
        zone = zone_of(query.timezone)
        period = parse_period(query.period, zone) if query.period else None
        after = place_of(cursor) if cursor is not None else None
        filters = {**filters_for(caller, query, query.mode), **query.conditions()}
        tags = tags_of(query.tag) if query.tag is not None else {}
        with self._engine.connect() as connection:
            rows = repository.list_rows(
                connection, caller.org, filters, tags, period, after, limit + 1
            )
        shown = rows[:limit]
        return [as_json(row) for row in shown], cursor_of(shown[-1]) if rows[limit:] else None

    def find(self, caller: Caller, identity: str) -> dict[str, Any]:
        """The newest row of a request id (a retry that kept its id has several), or the row of a
        ticket, of either mode."""
        with self._engine.connect() as connection:
            return as_json(row_of(connection, caller, identity))


def row_of(connection: Connection, caller: Caller, identity: str) -> RowMapping:
    """As `find`, the row itself."""
    filters = filters_for(caller, Filters(), "all")
    row = repository.find(connection, caller.org, identity, _ticket(identity), filters)
    if row is None:
        raise UnknownRequest()
    return row


def _ticket(identity: str) -> UUID | None:
    try:
        return UUID(identity)
    except ValueError:
        return None
