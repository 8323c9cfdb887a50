"""Who changed what: for the audit log, which is auth's."""

import ipaddress
from typing import Any

from flask import g, request
from sqlalchemy.orm import Session

from tollgate_common.events.cloudevents import timestamp
from tollgate_common.guard import Caller, current_caller
from tollgate_llm.outbox import outbox

KIND = "change.recorded"


def record(
    session: Session,
    action: str,
    target: tuple[str, str],
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> None:
    """Write down that the caller has done this, in the transaction that does it. `target` is a
    kind and a name; `before` and `after` hold no secret."""
    caller = current_caller()
    data = {
        "org": caller.org, "actor": _actor(caller), "action": action,
        "target": {"kind": target[0], "id": target[1]}, "before": before, "after": after,
        "address": _address(), "request_id": g.get("request_id"), "at": timestamp(),
    }  # fmt: skip
    outbox.add(session.connection(), KIND, data, subject=target[1])


def _actor(caller: Caller) -> dict[str, str]:
    if caller.key:
        return {"kind": "key", "id": caller.key}
    return {"kind": "user", "id": caller.subject}


def _address() -> str | None:
    """The gateway says where the caller is."""
    try:
        return str(ipaddress.ip_address(request.headers.get("x-forwarded-for", "").strip()))
    except ValueError:
        return None
