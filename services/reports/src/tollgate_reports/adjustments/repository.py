"""Adjusting rows of the ledger. Every function works in the caller's transaction."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import BigInteger, Connection, RowMapping, cast, func, insert, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert

from tollgate_common.ids import new_uuid
from tollgate_common.money import to_nanos, usd_text
from tollgate_common.usage_lines import priced_line
from tollgate_reports.adjustments.schemas import Figures
from tollgate_reports.ledger.models import COUNTS, DIMENSIONS, ledger, rollups
from tollgate_reports.ledger.sketch import SLOTS
from tollgate_reports.usage.repository import bucket_of

_CORRECTED = ("input_tokens", "output_tokens", "cost")
_AS_THE_REQUEST = (
    "request_id", "org", "project", "key", "user", "mode", "endpoint", "dialect", "model",
    "stream", "tags", "opened_at", "status", "provider", "provider_model", "http_status", "price",
)  # fmt: skip


def lock(connection: Connection, ticket: UUID) -> RowMapping | None:
    """The request's row; until the transaction ends nobody else adjusts it. None when its month
    has left the ledger."""
    query = select(ledger).where(ledger.c.id == ticket).with_for_update()
    return connection.execute(query).mappings().first()


def figures(connection: Connection, ticket: UUID) -> Figures:
    """What is in the books of a request: its row and its adjustments."""
    read, wrote = (
        cast(func.sum(ledger.c[name]), BigInteger) for name in ("input_tokens", "output_tokens")
    )
    either = or_(ledger.c.id == ticket, ledger.c.adjusts == ticket)
    query = select(read, wrote, func.sum(ledger.c.cost)).where(either)
    return Figures(*connection.execute(query).one())


def list_rows(connection: Connection, ticket: UUID) -> list[RowMapping]:
    """Oldest first."""
    query = select(ledger).where(ledger.c.adjusts == ticket).order_by(ledger.c.id)
    return list(connection.execute(query).mappings())


def add(
    connection: Connection, row: RowMapping, difference: Figures, by: str, reason: str
) -> RowMapping:
    """Book the difference, in the ledger and in the rollups, where the request counts."""
    values = {name: row[name] for name in _AS_THE_REQUEST} | difference._asdict()
    line = priced_line(row["model"], "adjustment", 1, usd_text(to_nanos(difference.cost)))
    values["lines"] = msgspec.to_builtins([line])
    values |= {
        "id": UUID(new_uuid()), "closed_at": datetime.now(UTC), "adjusts": row["id"],
        "adjusted_by": by, "reason": reason, "estimated": False, "attempts": 0, "latency_ms": 0,
        "cached_input_tokens": 0, "cache_write_tokens": 0, "reasoning_tokens": 0,
    }  # fmt: skip
    added = connection.execute(insert(ledger).values(values).returning(ledger)).mappings().one()
    _roll_up(connection, row, difference)
    return added


def _roll_up(connection: Connection, row: RowMapping, difference: Figures) -> None:
    key = ["org", "bucket", *DIMENSIONS]
    values: dict[str, Any] = {name: row[name] for name in ("org", *DIMENSIONS)}
    values |= dict.fromkeys(COUNTS, 0) | difference._asdict()
    values["bucket"] = bucket_of(row["opened_at"])
    query = upsert(rollups).values(latencies=[0] * SLOTS, **values)
    added = {name: rollups.c[name] + query.excluded[name] for name in _CORRECTED}
    connection.execute(query.on_conflict_do_update(index_elements=key, set_=added))
