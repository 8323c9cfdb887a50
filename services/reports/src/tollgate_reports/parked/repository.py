"""Reading parked events and taking them out. Every function works in the caller's transaction."""

from collections.abc import Sequence

from sqlalchemy import Connection, RowMapping, delete, func, select, update

from tollgate_reports.ledger.models import parked_events


def list_after(connection: Connection, after: int, limit: int) -> Sequence[RowMapping]:
    """The oldest of those with a higher id."""
    query = select(parked_events).where(parked_events.c.id > after)
    return connection.execute(query.order_by(parked_events.c.id).limit(limit)).mappings().all()


def count(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(parked_events)) or 0


def lock(connection: Connection, parked_id: int) -> bytes | None:
    """The event, ours until the transaction ends; None when it is gone or somebody else's."""
    query = select(parked_events.c.event).where(parked_events.c.id == parked_id)
    event: bytes | None = connection.scalar(query.with_for_update(skip_locked=True))
    return event


def remove(connection: Connection, parked_id: int) -> None:
    connection.execute(delete(parked_events).where(parked_events.c.id == parked_id))


def set_reason(connection: Connection, parked_id: int, reason: str) -> None:
    changed = update(parked_events).where(parked_events.c.id == parked_id)
    connection.execute(changed.values(reason=reason.replace("\0", "")))
