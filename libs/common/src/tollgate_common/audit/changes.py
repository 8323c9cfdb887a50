"""A change that another service than auth records, as the event that brings it to auth."""

from typing import Any

from tollgate_common.audit.events import actor_of
from tollgate_common.audit.origin import current_origin, forwarded_address
from tollgate_common.events.cloudevents import timestamp
from tollgate_common.guard import Caller

KIND = "change.recorded"


def change_by(
    caller: Caller,
    action: str,
    target: tuple[str, str],
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the event's data. `target` is a kind and an id; `before` and `after` hold no
    secret."""
    actor = actor_of(caller)
    return {
        "org": caller.org,
        "actor": actor._asdict(),
        "action": action,
        "target": {"kind": target[0], "id": target[1]},
        "before": before,
        "after": after,
        **current_origin(forwarded_address)._asdict(),
        "at": timestamp(),
    }
