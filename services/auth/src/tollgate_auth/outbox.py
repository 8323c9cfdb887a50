"""Auth's outbox: what others must hear of is written in the transaction that changes it."""

from typing import Any

from tollgate_auth.database import metadata
from tollgate_auth.extensions import db
from tollgate_common.events.outbox import Outbox, outbox_table

outbox_rows = outbox_table(metadata)
outbox = Outbox(outbox_rows, "auth")

_ADDED = "events_added"


def emit(kind: str, data: dict[str, Any], subject: str) -> None:
    """Add an event to this transaction; it is sent right after the commit."""
    outbox.add(db.session.connection(), kind, data, subject)
    db.session.info[_ADDED] = True


def take_added() -> bool:
    """Whether this session's transaction has added events; asking resets it."""
    return bool(db.session.info.pop(_ADDED, False))
