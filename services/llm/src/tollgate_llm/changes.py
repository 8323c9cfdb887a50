"""Who changed what: for the audit log, which is auth's."""

from typing import Any

from sqlalchemy.orm import Session

from tollgate_common.audit.changes import KIND, change_by
from tollgate_common.guard import Caller
from tollgate_llm.outbox import outbox


def record(
    session: Session,
    caller: Caller,
    action: str,
    target: tuple[str, str],
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> None:
    """Write down that the caller has done this, in the transaction that does it. `target` is a
    kind and a name; `before` and `after` hold no secret."""
    data = change_by(caller, action, target, before, after)
    outbox.add(session.connection(), KIND, data, subject=target[1])
