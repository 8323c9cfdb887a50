"""Who changed what: for the audit log, which is auth's."""

import ipaddress
from typing import Any

from flask import g, request
from sqlalchemy import Connection

from tollgate_common.events.cloudevents import timestamp
from tollgate_common.guard import Caller
from tollgate_reports.outbox import outbox

KIND = "change.recorded"


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
    actor = (
        {"kind": "key", "id": caller.key} if caller.key else {"kind": "user", "id": caller.subject}
    )
    data = {
        "org": caller.org, "actor": actor, "action": action,
        "target": {"kind": target[0], "id": target[1]}, "before": before, "after": after,
        "address": _address(), "request_id": g.get("request_id"), "at": timestamp(),
    }  # fmt: skip
    outbox.add(connection, KIND, data, subject=target[1])


def _address() -> str | None:
    """The gateway says where the caller is."""
    try:
        return str(ipaddress.ip_address(request.headers.get("x-forwarded-for", "").strip()))
    except ValueError:
        return None
