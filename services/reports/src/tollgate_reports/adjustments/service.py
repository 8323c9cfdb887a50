"""The rules of adjusting: nothing is changed, something is added, with a reason; and limits stay as
they are.

A limit decides by what was booked when requests ended. An adjustment, which may come weeks later,
corrects what is billed and reported: it neither gives a limit room back, nor takes room away that
calls have been promised. Whoever wants that changes the limit.
"""

from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Connection, Engine, RowMapping
from sqlalchemy.exc import SQLAlchemyError

from tollgate_common.guard import Caller
from tollgate_common.logging import get_logger
from tollgate_common.visibility import Visibility
from tollgate_reports import changes
from tollgate_reports.adjustments import repository
from tollgate_reports.adjustments.corrections import correction
from tollgate_reports.adjustments.errors import Archived, SharedId
from tollgate_reports.adjustments.schemas import AdjustmentRequest, as_json
from tollgate_reports.ledger.schemas import month_of_request
from tollgate_reports.ledger.service import Ledger
from tollgate_reports.outbox import outbox
from tollgate_reports.requests import repository as request_rows
from tollgate_reports.requests import service as requests
from tollgate_reports.requests.errors import UnknownRequest

READING = "usage:read"
log = get_logger(__name__)


class AdjustmentService:
    """Of requests that the caller may see."""

    def __init__(self, engine: Engine, redis: Redis) -> None:
        self._engine = engine
        self._redis = redis

    def list_all(self, caller: Caller, identity: str) -> list[dict[str, Any]]:
        """The adjustments of a request, oldest first."""
        with self._engine.connect() as connection:
            row = requests.row_of(connection, Visibility.of(caller, READING), identity)
            return [as_json(each) for each in repository.list_rows(connection, [row["id"]])]

    def add(self, caller: Caller, identity: str, wanted: AdjustmentRequest) -> dict[str, Any]:
        """Book the difference to what is in the books: row, rollups and audit event are one
        transaction. Of two at once the second sees what the first has done."""
        Ledger(self._engine).make_partitions_ahead()
        with self._engine.begin() as connection:
            row = _lock(connection, caller, identity)
            made = correction(repository.booked(connection, row["id"]), wanted)
            by = caller.key or caller.subject
            added = repository.add(connection, row, made, by, wanted.reason)
            after = {
                **made.after.as_json(),
                "reason": wanted.reason,
                "adjustment": str(added["id"]),
            }
            target = ("request", str(row["id"]))
            before = made.before.as_json()
            changes.record(connection, caller, "request.adjusted", target, before, after)
        self._send_events()
        log.info("request_adjusted", ticket=str(row["id"]), adjustment=str(added["id"]))
        return as_json(added)

    def _send_events(self) -> None:
        """With Redis away they wait in the outbox, and the adjustment is made all the same."""
        try:
            outbox.send_pending(self._engine, self._redis)
        except (RedisError, SQLAlchemyError) as error:
            log.warning("outbox_waits", error=type(error).__name__)


def _lock(connection: Connection, caller: Caller, identity: str) -> RowMapping:
    """Return the request's row, ours until the transaction ends. Our ids tell when they were made,
    so of a request that is not there any more it is known whether its month is archived."""
    try:
        visibility = Visibility.of(caller, READING)
        named = requests.row_of(connection, visibility, identity)
        is_ours = identity in (named["request_id"], str(named["id"]))
        if not is_ours and request_rows.is_shared(connection, visibility, identity):
            raise SharedId
        ticket = named["id"]
        row = repository.lock(connection, ticket)
    except UnknownRequest:
        ticket, row = identity, None
    if row is not None:
        return row
    month = month_of_request(str(ticket))
    if month and repository.is_archived(connection, month):
        raise Archived(month)
    raise UnknownRequest
