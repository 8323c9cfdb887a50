"""Adjusting rows of the ledger. Every function works in the caller's transaction."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, RowMapping, insert, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert

from tollgate_common.ids import new_uuid
from tollgate_reports.adjustments.corrections import Correction, Figures
from tollgate_reports.ledger.models import COUNTS, DIMENSIONS, ledger, ledger_archives, rollups
from tollgate_reports.ledger.sketch import SLOTS
from tollgate_reports.usage.repository import bucket_of

_AS_THE_REQUEST = (
    "request_id",
    "client_request_id",
    "org",
    "project",
    "key",
    "user",
    "mode",
    "endpoint",
    "dialect",
    "model",
    "stream",
    "tags",
    "opened_at",
    "status",
    "provider",
    "provider_model",
    "http_status",
    "price",
    "service_tier",
    "unpriced",
    "capped",
)


def lock(connection: Connection, ticket: UUID) -> RowMapping | None:
    """The request's row; until the transaction ends nobody else adjusts it. None when its month
    has left the ledger."""
    query = select(ledger).where(ledger.c.id == ticket).with_for_update()
    return connection.execute(query).mappings().first()


def is_archived(connection: Connection, month: datetime) -> bool:
    """Tell whether the month has left the ledger."""
    return bool(connection.scalar(select(ledger_archives.c.month).filter_by(month=month)))


def booked(connection: Connection, ticket: UUID) -> list[RowMapping]:
    """All that is in the books of a request: its row, then its adjustments, oldest first."""
    either = or_(ledger.c.id == ticket, ledger.c.adjusts == ticket)
    query = select(ledger).where(either).order_by(ledger.c.id)
    return list(connection.execute(query).mappings())


def list_rows(connection: Connection, tickets: Collection[UUID]) -> list[RowMapping]:
    """The adjustments of these requests, oldest first."""
    query = select(ledger).where(ledger.c.adjusts.in_(tickets)).order_by(ledger.c.id)
    return list(connection.execute(query).mappings())


def add(
    connection: Connection, row: RowMapping, correction: Correction, by: str, reason: str
) -> RowMapping:
    """Book the difference, in the ledger and in the rollups, where the request counts."""
    difference = correction.after.minus(correction.before)
    values = {name: row[name] for name in _AS_THE_REQUEST} | difference._asdict()
    values |= {
        "id": UUID(new_uuid()),
        "closed_at": datetime.now(UTC),
        "adjusts": row["id"],
        "adjusted_by": by,
        "reason": reason,
        "lines": msgspec.to_builtins(correction.lines),
        "estimated": False,
        "attempts": 0,
        "latency_ms": 0,
        "reasoning_tokens": 0,
    }
    added = connection.execute(insert(ledger).values(values).returning(ledger)).mappings().one()
    _roll_up(connection, row, difference)
    return added


def _roll_up(connection: Connection, row: RowMapping, difference: Figures) -> None:
    key = ["org", "bucket", *DIMENSIONS]
    values: dict[str, Any] = {name: row[name] for name in ("org", *DIMENSIONS)}
    values |= dict.fromkeys(COUNTS, 0) | difference._asdict()
    values["bucket"] = bucket_of(row["opened_at"])
    query = upsert(rollups).values(latencies=[0] * SLOTS, **values)
    added = {name: rollups.c[name] + query.excluded[name] for name in Figures._fields}
    connection.execute(query.on_conflict_do_update(index_elements=key, set_=added))
