"""What the gateway itself refuses a known caller: an event of their organisation's audit log."""

from typing import Protocol

from tollgate_common.audit import ANONYMOUS, Actor, AuditEvent, Target
from tollgate_common.errors import Forbidden
from tollgate_common.principal import Principal


class Counts(Protocol):
    def note(self, org: str, event: AuditEvent) -> None: ...


def note_source(counts: Counts, principal: Principal, error: Forbidden) -> None:
    """Count a key that is used from outside of its networks."""
    actor = _actor(principal)
    target = Target("key", principal.key or principal.org)
    counts.note(principal.org, AuditEvent(error.audited_as, actor, target, error.error_code))


def note_scope(counts: Counts, principal: Principal, scope: str, error: Forbidden) -> None:
    """Count a call that needs a scope, or a model, which its caller does not have."""
    actor, target = _actor(principal), Target("permission", scope)
    counts.note(principal.org, AuditEvent(error.audited_as, actor, target, error.error_code))


def _actor(principal: Principal) -> Actor:
    if principal.key:
        return Actor("key", principal.key)
    return Actor("user", principal.user) if principal.user else ANONYMOUS
