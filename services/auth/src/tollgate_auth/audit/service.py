"""Writing the audit log, and proving it whole.

Each entry's hash is SHA-256 over the hash before it and the entry's own fields as canonical JSON;
the organisation's row keeps the head. An altered, missing, reordered or cut-off entry shows.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

from flask import has_request_context

from tollgate_auth.audit import repository
from tollgate_auth.audit.models import AuditEntry
from tollgate_auth.database import refusing
from tollgate_auth.organisations import repository as organisations
from tollgate_common.audit import (
    ANONYMOUS,
    Actor,
    AuditEvent,
    Target,
    actor_of,
    audit_counts,
)
from tollgate_common.audit.origin import current_origin, peer_address
from tollgate_common.errors import Conflict

__all__ = [
    "ANONYMOUS",
    "SYSTEM",
    "Actor",
    "actor_of",
    "append",
    "chained",
    "client_address",
    "first_fault",
    "last_changes",
    "note",
    "record",
    "record_event",
    "record_everywhere",
]

SYSTEM = Actor("system", "tollgate-auth")


def record(
    org: str,
    actor: Actor,
    action: str,
    target: tuple[str, str],
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str | None = None,
) -> None:
    """Write down a change, in its own transaction. `target` is a kind and an id; `before` and
    `after` hold no secret; `reason` is the code of what was refused."""
    entry = AuditEntry(
        org_id=org,
        at=datetime.now(UTC),
        actor_kind=actor.kind,
        actor_id=actor.id,
        action=action,
        target_kind=target[0],
        target_id=target[1],
        before=before,
        after=after,
        reason=reason,
        **current_origin(peer_address)._asdict(),
    )
    append(entry)


def record_everywhere(action: str, target: tuple[str, str]) -> None:
    """Write down what the system did, in the log of every organisation: it concerns all."""
    for org in organisations.all_ids():
        record(org, SYSTEM, action, target)


def note(
    org: str,
    actor: Actor,
    action: str,
    target: tuple[str, str],
    reason: str | None = None,
    details: dict[str, str] | None = None,
) -> None:
    """Count an event that may repeat without end. It is written down a moment later, whatever
    becomes of the transaction. But for `details`, of which the first are kept, no argument is text
    that somebody outside makes up."""
    audit_counts().note(org, AuditEvent(action, actor, Target(*target), reason), details)


def record_event(source: str, data: Mapping[str, Any]) -> None:
    """Write down what another service has recorded (`change.recorded`, by its event's id). One
    that is there already is `Conflict`."""
    entry = AuditEntry(
        org_id=data["org"], at=datetime.fromisoformat(data["at"]),
        actor_kind=data["actor"]["kind"], actor_id=data["actor"]["id"], action=data["action"],
        target_kind=data["target"]["kind"], target_id=data["target"]["id"],
        before=data["before"], after=data["after"],
        address=data["address"], request_id=data["request_id"],
        client_request_id=data.get("client_request_id"), source=source,
    )  # fmt: skip
    with refusing("uq_audit_log_source", Conflict("The change is recorded already.")):
        append(entry)


def last_changes(action: str, targets: Sequence[str]) -> Mapping[str, datetime]:
    """When each target had this done to it last, of those that ever had."""
    return repository.last_moments(action, targets)


def append(entry: AuditEntry) -> None:
    """Add an entry to the organisation's chain, in the transaction that is under way."""
    organisation = organisations.lock(entry.org_id)
    entry.number = organisation.audit_length + 1
    entry.hash = chained(organisation.audit_hash, entry)
    organisation.audit_length, organisation.audit_hash = entry.number, entry.hash
    repository.add(entry)


def chained(previous: bytes, entry: AuditEntry) -> bytes:
    """The hash of an entry that follows one with hash `previous`."""
    fields = {
        "org": entry.org_id, "number": entry.number,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": [entry.actor_kind, entry.actor_id], "action": entry.action,
        "target": [entry.target_kind, entry.target_id],
        "before": entry.before, "after": entry.after,
        "address": entry.address, "request_id": entry.request_id,
    }  # fmt: skip
    canonical = json.dumps(
        fields | _further(entry), sort_keys=True, separators=(",", ":"), ensure_ascii=True
    )
    return hashlib.sha256(previous + canonical.encode()).digest()


def first_fault(org: str) -> str | None:
    """What is wrong with an organisation's log, or None when it is whole."""
    organisation = organisations.get(org)
    previous, number = b"", 0
    with closing(repository.oldest_first(org)) as entries:
        for entry in entries:
            number += 1
            if entry.number != number:
                return f"entry {number} is missing"
            if entry.hash != chained(previous, entry):
                return f"entry {number} was altered"
            previous = entry.hash
    if (number, previous) != (organisation.audit_length, organisation.audit_hash):
        return f"the log ends at entry {number} of {organisation.audit_length}"
    return None


def _further(entry: AuditEntry) -> dict[str, Any]:
    """Return the fields that not every entry has: one without any is hashed as it always was."""
    further = {
        "client_request_id": entry.client_request_id,
        "reason": entry.reason,
        "count": entry.count,
        "last_at": _instant(entry.last_at),
        "continues": entry.continues,
    }
    return {name: value for name, value in further.items() if value is not None}


def _instant(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat(timespec="microseconds") if moment else None


def client_address() -> str | None:
    """Where the request came from, if it says so in the form of an address."""
    return peer_address() if has_request_context() else None
