"""Who changed what: for the audit log, which is auth's."""

from typing import Any

from sqlalchemy import Connection

from tollgate_common.audit.changes import KIND, change_by
from tollgate_common.guard import Caller
from tollgate_reports.outbox import outbox


def record(
    connection: Connection,
    caller: Caller,
    action: str,
    target: tuple[str, str],
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> None:
    """Write down that the caller has done this, in the transaction that does it. `target` is a
    kind and an id."""
    data = change_by(caller, action, target, before, after)
    outbox.add(connection, KIND, data, subject=target[1])
