"""Writing the audit log, and proving it whole.

Each entry's hash is SHA-256 over the hash before it and the entry's own fields as canonical JSON;
the organisation's row keeps the head. An altered, missing, reordered or cut-off entry shows.
"""

import hashlib
import ipaddress
import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Any, NamedTuple

from flask import g, has_request_context, request

from tollgate_auth.audit import repository
from tollgate_auth.audit.models import AuditEntry
from tollgate_auth.database import refusing
from tollgate_auth.organisations import repository as organisations
from tollgate_common.errors import Conflict
from tollgate_common.guard import Caller


class Actor(NamedTuple):
    """Who did it: a `user`, a `key`, an identity provider (`sso`), or the `system` by a command."""

    kind: str
    id: str


SYSTEM = Actor("system", "tollgate-auth")


def actor_of(caller: Caller) -> Actor:
    return Actor("key", caller.key) if caller.key else Actor("user", caller.subject)


def record(
    org: str,
    actor: Actor,
    action: str,
    target: tuple[str, str],
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Write down a change, in its own transaction. `target` is a kind and an id; `before` and
    `after` hold no secret."""
    entry = AuditEntry(
        org_id=org, at=datetime.now(UTC),
        actor_kind=actor.kind, actor_id=actor.id, action=action,
        target_kind=target[0], target_id=target[1], before=before, after=after,
        address=client_address(), request_id=_request_id(),
    )  # fmt: skip
    _append(entry)


def record_event(source: str, data: Mapping[str, Any]) -> None:
    """Write down what another service has recorded (`change.recorded`, by its event's id). One
    that is there already is `Conflict`."""
    entry = AuditEntry(
        org_id=data["org"], at=datetime.fromisoformat(data["at"]),
        actor_kind=data["actor"]["kind"], actor_id=data["actor"]["id"], action=data["action"],
        target_kind=data["target"]["kind"], target_id=data["target"]["id"],
        before=data["before"], after=data["after"],
        address=data["address"], request_id=data["request_id"], source=source,
    )  # fmt: skip
    with refusing("uq_audit_log_source", Conflict("The change is recorded already.")):
        _append(entry)


def last_changes(action: str, targets: Sequence[str]) -> Mapping[str, datetime]:
    """When each target had this done to it last, of those that ever had."""
    return repository.last_moments(action, targets)


def _append(entry: AuditEntry) -> None:
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
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
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


def client_address() -> str | None:
    """Where the request came from, if it says so in the form of an address."""
    try:
        return str(ipaddress.ip_address(request.remote_addr or "")) if request else None
    except ValueError:
        return None


def _request_id() -> str | None:
    return g.get("request_id") if has_request_context() else None
