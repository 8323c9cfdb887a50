"""Looking at parked events, and booking them once what was in their way is mended."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import msgspec
from sqlalchemy import Engine

from tollgate_common.events.cloudevents import MalformedEvent, timestamp
from tollgate_common.logging import get_logger
from tollgate_common.money import usd_text
from tollgate_common.settings import CommonSettings
from tollgate_reports.alerts.service import raise_alerts
from tollgate_reports.database import engine_of
from tollgate_reports.ledger import repository as ledger_repository
from tollgate_reports.ledger.errors import NotInLedger
from tollgate_reports.ledger.schemas import ledger_row
from tollgate_reports.ledger.service import ARCHIVED, Ledger
from tollgate_reports.parked import repository

PAGE = 100

Outcome = Literal["booked", "known", "parked", "gone"]

log = get_logger(__name__)


class ParkedEvents:
    """Those of the whole installation: for its operators, not for an organisation."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._ledger = Ledger(engine)

    def count(self) -> int:
        with self._engine.connect() as connection:
            return repository.count(connection)

    def list_all(self) -> Iterator[dict[str, Any]]:
        """Oldest first. `ticket` and `cost_usd` are what can be read of the event, if anything."""
        after = 0
        while True:
            with self._engine.connect() as connection:
                found = repository.list_after(connection, after, PAGE)
            for row in found:
                yield {
                    "id": row["id"],
                    "parked_at": timestamp(row["parked_at"]),
                    "stream": row["stream"],
                    "entry_id": row["entry_id"],
                    "reason": row["reason"],
                    **_legible(row["event"]),
                    "event": row["event"].decode(errors="backslashreplace"),
                }
            if len(found) < PAGE:
                return
            after = found[-1]["id"]

    def replay(self, parked_id: int) -> Outcome:
        """Book it and take it off the list, in one transaction; `known` when its ticket is in the
        ledger already. What still cannot be booked stays, with the reason of now."""
        try:
            with self._engine.begin() as connection:
                event = repository.lock(connection, parked_id)
                if event is None:
                    return "gone"
                row = ledger_row(event)
                if self._ledger.make_partitions({row.month}):
                    raise NotInLedger(ARCHIVED.format(month=row.month))
                booked = ledger_repository.book(connection, [row.line])
                if booked.unpriced or booked.capped:
                    raise_alerts(connection)
                repository.remove(connection, parked_id)
        except (MalformedEvent, NotInLedger) as refusal:
            with self._engine.begin() as connection:
                repository.set_reason(connection, parked_id, str(refusal))
            return "parked"
        log.info("event_replayed", parked=parked_id, booked=booked.rows)
        return "booked" if booked.rows else "known"


@contextmanager
def parked_events(settings: CommonSettings) -> Iterator[ParkedEvents]:
    """For a command: with a database connection of its own."""
    engine = engine_of(settings)
    try:
        yield ParkedEvents(engine)
    finally:
        engine.dispose()


def _legible(event: bytes) -> dict[str, Any]:
    try:
        data = msgspec.json.decode(event)["data"]
        return {
            "ticket": str(data["ticket"]["id"]),
            "cost_usd": usd_text(int(data["outcome"]["cost_nanos"])),
        }
    except (msgspec.DecodeError, ValueError, LookupError, TypeError, RecursionError):
        return {"ticket": None, "cost_usd": None}
